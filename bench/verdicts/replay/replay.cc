// SPDX-License-Identifier: Apache-2.0
//
// heap_replay: samples a recorded heap many times and checks whether the estimates are true.
//
//  heap_replay [--interval BYTES] [--runs N] RECORD...
//
// Every run plays the recorded calls through the library's own sampler and tables with another
// seed. At four moments of the recording the estimate of the live bytes is compared with the truth.
// At the end the sampled sizes are compared with the probability with which they should have been
// sampled.
// Checked: the mean of the estimates is off by less than 1 %; 87 to 93 % of the 90 % intervals
// contain the truth; the sizes pass a chi-square test at 0.1 %. Exit status 1 if one of these
// fails. Moments with less than 1,000 intervals of live bytes are not checked: chance alone would
// move their mean by more.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "tests/record/test_image.h"
#include "tools/analysis/model/stats.h"

namespace leaktrack::verdicts {
namespace {

constexpr size_t kMoments = 4;
constexpr double kEnough = 1000;  // of live bytes, in intervals

struct Call {
  uint64_t block, size, replaced;
};

struct Recording {
  std::vector<Call> calls;
  double live[kMoments] = {};          // truth
  std::map<uint64_t, uint64_t> sizes;  // allocations by size
  uint64_t allocations = 0;
};

size_t MomentOf(size_t call, size_t calls) {
  return (call + 1) * kMoments / calls;
}  // moments that have come by then

Recording Read(const std::string& path) {
  Recording recording;
  std::ifstream file(path, std::ios::binary);
  for (Call call; file.read(reinterpret_cast<char*>(&call), sizeof(call));)
    recording.calls.push_back(call);
  std::unordered_map<uint64_t, uint64_t> blocks;
  double live = 0;
  const auto end = [&](uint64_t block) {
    const auto found = blocks.find(block);
    if (found == blocks.end()) return;
    live -= static_cast<double>(found->second);
    blocks.erase(found);
  };
  size_t moment = 0;
  for (size_t i = 0; i < recording.calls.size(); ++i) {
    const Call& call = recording.calls[i];
    end(call.replaced != 0 ? call.replaced : call.block);
    if (call.size != 0) {
      end(call.block);  // its release was not recorded
      blocks[call.block] = call.size;
      live += static_cast<double>(call.size);
      ++recording.sizes[call.size];
      ++recording.allocations;
    }
    for (; moment < MomentOf(i, recording.calls.size()); ++moment) recording.live[moment] = live;
  }
  return recording;
}

struct Estimate {
  double bytes = 0, variance = 0;
};

Estimate LiveOf(const track::ImageView& image) {
  Estimate sum;
  const capture::RecorderHeader& header = image.header();
  const char* const region = image.region<char>(capture::kRegionLive);
  for (const capture::LiveSegment& segment : header.live_segments) {
    const auto* const buckets =
        reinterpret_cast<const capture::LiveBucket*>(region + segment.offset);
    for (uint64_t i = 0; i < segment.bucket_count.load() * 4; ++i) {
      const capture::LiveHot& slot = buckets[i / 4].slots[i % 4];
      if (slot.key.load() <= capture::kSlotBusy) continue;
      const uint64_t label = slot.size_interval.load();
      const auto size = static_cast<double>(label >> 8);
      const double p = SamplingProbability(
          size, static_cast<double>(header.interval_bytes[label & 0xff].load()));
      sum.bytes += size / p;
      sum.variance += size * size * (1 - p) / (p * p);
    }
  }
  return sum;
}

struct Tally {
  std::vector<Estimate> at[kMoments];
  std::map<uint64_t, uint64_t> sampled;  // by size, over all runs
};

// One run with its own seed, through malloc and free as the hooks do them.
void Play(const Recording& recording, uint64_t interval, uint64_t seed, Tally& tally) {
  track::ImageOptions options;
  options.live_limit = 1 << 20;  // no thinning: only the sampler is tested here
  track::Process process(options, track::TrackerOptions{.interval = interval, .seed = seed});
  const capture::SiteId site = process.Site(1);
  size_t moment = 0;
  for (size_t i = 0; i < recording.calls.size(); ++i) {
    const Call& call = recording.calls[i];
    process.Free(call.replaced != 0 ? call.replaced : call.block, i >> 10);
    if (call.size != 0) {
      if (call.replaced != 0) process.Free(call.block, i >> 10);
      if (process.Malloc(call.block, call.size, site, i >> 10)) ++tally.sampled[call.size];
    }
    for (; moment < MomentOf(i, recording.calls.size()); ++moment)
      tally.at[moment].push_back(LiveOf(process.image.view()));
  }
}

// z of the chi-square of the sampled sizes, by octave (Wilson and Hilferty). A value beyond 3.1
// occurs once in a thousand.
double SizesZ(const Recording& recording, const Tally& tally, uint64_t interval, int runs) {
  struct Bin {
    double expected = 0, variance = 0, seen = 0;
  };
  std::map<int, Bin> bins;
  for (const auto& [size, count] : recording.sizes) {
    const double p = SamplingProbability(static_cast<double>(size), static_cast<double>(interval));
    Bin& bin = bins[static_cast<int>(4 * std::log2(static_cast<double>(size)))];
    bin.expected += runs * static_cast<double>(count) * p;
    bin.variance += runs * static_cast<double>(count) * p * (1 - p);
    const auto seen = tally.sampled.find(size);
    if (seen != tally.sampled.end()) bin.seen += static_cast<double>(seen->second);
  }
  double chi = 0, used = 0;
  for (const auto& [number, bin] : bins) {
    if (bin.variance < 5) continue;  // too few for a normal distribution
    chi += (bin.seen - bin.expected) * (bin.seen - bin.expected) / bin.variance;
    ++used;
  }
  return used > 0 ? (std::cbrt(chi / used) - (1 - 2 / (9 * used))) / std::sqrt(2 / (9 * used)) : 0;
}

bool Report(const std::string& name, const Recording& recording, const Tally& tally,
            uint64_t interval, int runs) {
  double worst_bias = 0, bias_error = 0, covered = 0, all = 0;
  for (size_t m = 0; m < kMoments; ++m) {
    if (recording.live[m] < kEnough * static_cast<double>(interval)) continue;
    double mean = 0, variance = 0;
    for (const Estimate& e : tally.at[m]) {
      mean += e.bytes / runs, variance += e.variance / runs;
      covered += std::abs(e.bytes - recording.live[m]) <= kZ90 * std::sqrt(e.variance), ++all;
    }
    const double bias = std::abs(mean / recording.live[m] - 1);
    if (bias >= worst_bias)
      worst_bias = bias, bias_error = std::sqrt(variance / runs) / recording.live[m];
  }
  const double share = all > 0 ? covered / all : 0, z = SizesZ(recording, tally, interval, runs);
  const bool good = worst_bias < .01 && share > .87 && share < .93 && z < 3.1;
  std::cout << absl::StrFormat("%-28s %9d %9.2f %9.4f %9.4f %9.3f %9.2f  %s\n", name,
                               recording.allocations, recording.live[kMoments - 2] / 1e6,
                               worst_bias, bias_error, share, z, good ? "" : "BROKEN");
  return good;
}

}  // namespace
}  // namespace leaktrack::verdicts

int main(int argc, char** argv) {
  using namespace leaktrack::verdicts;
  uint64_t interval = 4096;
  int runs = 200;
  std::vector<std::string> paths;
  CLI::App app("Samples recorded heaps many times and asks whether the estimates are true");
  app.add_option("--interval", interval, "mean sampling interval in bytes");
  app.add_option("--runs", runs, "with a seed each");
  app.add_option("RECORD", paths, "files of libheap_recorder.so")->required();
  CLI11_PARSE(app, argc, argv);
  std::cout << absl::StrFormat("%-28s %9s %9s %9s %9s %9s %9s\n", "recording", "allocs", "live MB",
                               "worst off", "+- chance", "covered", "sizes z");
  bool good = true;
  for (const std::string& path : paths) {
    const Recording recording = Read(path);
    if (recording.allocations == 0) {
      std::cerr << path << ": nothing recorded\n";
      return 2;
    }
    Tally tally;
    for (int run = 0; run < runs; ++run)
      Play(recording, interval, 770'000 + static_cast<uint64_t>(run), tally);
    good &= Report(path.substr(path.rfind('/') + 1), recording, tally, interval, runs);
  }
  return good ? 0 : 1;
}

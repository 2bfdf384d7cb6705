// SPDX-License-Identifier: Apache-2.0
//
// Synthetic captures: programs whose behaviour is known, seen through the real sampling.
//
// Blocks go in with their true birth, death and size. Each is sampled as the library would sample
// it, and the capture contains the cells, survivors and kept deaths that the library would have
// written. Every population is seeded.
#ifndef LEAKTRACK_TESTS_ANALYSIS_SYNTHETIC_H_
#define LEAKTRACK_TESTS_ANALYSIS_SYNTHETIC_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "libtrack/capture/age_band.h"
#include "libtrack/capture/capture.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack::testing {

inline constexpr double kForever = 1e18;

// Frames are indices into a list of names; the module is "/bin/app".
class FakeSymbolizer : public Symbolizer {
 public:
  capture::Frame Add(const std::string& function, const std::string& file = "app.cc",
                     uint32_t line = 10, const std::string& module = "/bin/app") {
    frames_.push_back({ResolvedFrame{function, file, line, module, "abcd", frames_.size(), false}});
    return capture::MakeFrame(1, frames_.size() - 1);
  }
  void Prepare(std::span<const capture::Frame>) override {}
  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    return frames_[capture::FrameAddress(frame)];
  }
  std::vector<MissingSymbols> missing() const override { return missing_; }
  std::vector<MissingSymbols> missing_;

 private:
  std::vector<std::vector<ResolvedFrame>> frames_;
};

class Program {
 public:
  Program(double seconds, double interval, uint64_t seed)
      : end_ms_(seconds * 1e3), interval_(interval), random_(seed) {
    capture_.duration_ms = static_cast<uint64_t>(end_ms_);
    capture_.interval_now = capture_.interval_min = capture_.interval_max =
        static_cast<uint64_t>(interval);
    capture_.process.pid = 42;
    capture_.process.program = "app";
    capture_.process.command = "app --serve";
    capture_.end_state = capture::RunState::kExited;
  }

  capture::SiteId Site(const std::vector<std::string>& functions,
                       capture::SiteKind kind = capture::SiteKind::kHeap) {
    capture::StackInfo stack;
    stack.id = ++last_site_;
    stack.kind = kind;
    uint32_t line = 10 * last_site_;
    for (const std::string& function : functions)
      stack.frames.push_back(symbolizer.Add(function, "app.cc", line++));
    capture_.stacks[last_site_] = stack;
    return last_site_;
  }

  double Uniform(double from, double to) {
    return std::uniform_real_distribution<double>(from, to)(random_);
  }
  double Exponential(double mean) {
    return std::exponential_distribution<double>(1 / mean)(random_);
  }

  // Adds one block; times in ms. It does not exist outside [0, end).
  void Block(capture::SiteId site, double birth, double death, double size, uint32_t chain = 0,
             double first_birth = -1) {
    if (birth < 0 || birth >= end_ms_) return;
    const double p = interval_ <= 1 ? 1 : -std::expm1(-size / interval_);
    if (Uniform(0, 1) >= p) return;
    ++capture_.samples_total;
    const auto born = static_cast<uint64_t>(birth);
    Count(site, capture::kBandBirths, birth, size, p);
    if (death >= end_ms_) {
      ++capture_.live_count;
      capture_.survivors.push_back(
          {site, static_cast<uint64_t>(size), static_cast<uint64_t>(interval_), born,
           first_birth < 0 ? born : static_cast<uint64_t>(first_birth), chain, 1});
      return;
    }
    Count(site, capture::AgeBand(static_cast<uint64_t>(death) - born), death, size, p);
    // Like the library: old deaths and deaths of large blocks are kept one by one.
    const auto age = static_cast<uint64_t>(death) - born;
    const bool old = age > 30'000 && age > static_cast<uint64_t>(death) / 64;
    if (old || (interval_ > 1 && size >= interval_)) {
      capture_.kept_deaths.push_back({site, static_cast<uint64_t>(size),
                                      static_cast<uint64_t>(interval_), born,
                                      static_cast<uint64_t>(death), chain, 1});
    }
  }

  // Poisson births at `per_second` from `from` to `to` seconds, with lifetimes of
  // Exponential(mean_life) seconds.
  void Stream(capture::SiteId site, double per_second, double size, double mean_life,
              double from = 0, double to = -1) {
    const double last = to < 0 ? end_ms_ : to * 1e3;
    for (double t = from * 1e3 + Exponential(1e3 / per_second); t < last;
         t += Exponential(1e3 / per_second)) {
      Block(site, t, mean_life >= kForever ? kForever : t + Exponential(mean_life * 1e3), size);
    }
  }

  // The program's own work counter at each of these moments (ms, units).
  void CountWork(double at_ms, int64_t units) {
    capture::MemorySample sample;
    sample.time_ms = static_cast<uint64_t>(at_ms);
    sample.work_units = units;
    capture_.memory.push_back(sample);
  }

  // Sets the wall-clock time at which the run began.
  void StartAt(int64_t realtime_seconds) {
    capture_.process.start_realtime_ns = realtime_seconds * 1'000'000'000;
  }

  double end_ms() const { return end_ms_; }

  capture::Capture Build() {
    capture::Capture result = capture_;
    std::sort(result.kept_deaths.begin(), result.kept_deaths.end(),
              [](const auto& a, const auto& b) { return a.death_ms < b.death_ms; });
    for (const auto& [key, seconds] : cells_) {
      result.cells.push_back({key.first, key.second, {}});
      capture::CellPoint sum;
      for (const auto& [second, part] : seconds) {
        sum.time_ms = std::min<uint64_t>(second * 1000 + 1000, result.duration_ms);
        sum.samples += part.samples;
        sum.objects += part.objects;
        sum.bytes += part.bytes;
        sum.bytes_squared += part.bytes_squared;
        sum.variance += part.variance;
        result.cells.back().points.push_back(sum);
      }
    }
    return result;
  }

  FakeSymbolizer symbolizer;

 private:
  void Count(capture::SiteId site, uint8_t band, double at_ms, double size, double p) {
    capture::CellPoint& cell = cells_[{site, band}][static_cast<uint64_t>(at_ms / 1e3)];
    ++cell.samples;
    cell.objects += 1 / p;
    cell.bytes += size / p;
    cell.bytes_squared += size / p * size / p;
    cell.variance += size * size * (1 - p) / (p * p);
  }

  double end_ms_;
  double interval_;
  std::mt19937_64 random_;
  capture::SiteId last_site_ = 0;
  capture::Capture capture_;
  std::map<std::pair<capture::SiteId, uint8_t>, std::map<uint64_t, capture::CellPoint>>
      cells_;  // by second
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_ANALYSIS_SYNTHETIC_H_

// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/cost.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/verdicts/population.h"
#include "bench/verdicts/tracked_run.h"
#include "libtrack/capture/read/decoder.h"
#include "tools/analysis/analyze.h"

namespace leaktrack::verdicts {
namespace {

// Any frame has a name made of its number: the child does not know the parent's names.
class Numbers : public Symbolizer {
 public:
  void Prepare(std::span<const capture::Frame>) override {}
  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    auto& resolved = frames_[frame];
    if (resolved.empty()) {
      const uint64_t at = capture::FrameAddress(frame);
      resolved.push_back({absl::StrCat("app::Function", at), "app.cc", static_cast<uint32_t>(at),
                          "/bin/app", "", at, false});
    }
    return resolved;
  }
  std::vector<MissingSymbols> missing() const override { return {}; }

 private:
  std::unordered_map<capture::Frame, std::vector<ResolvedFrame>> frames_;
};

Program BigProgram(uint32_t sites, uint64_t samples, Random& random) {
  Program program;
  program.end_ms = 24 * kHour;
  program.interval = 512 << 10;
  SiteMaker maker(&program, &random);
  AddLeaks(maker, 3);
  AddHealthy(maker, sites / 1934.0);
  while (program.sites.size() < sites) maker.AddUnit("short churn"), maker.AddSite();
  for (uint32_t site = 0; program.blocks.size() < samples; site = (site + 1) % sites) {
    maker.Pour(site, 50 * maker.interval(), 512, maker.Between(0, maker.end()),
               maker.After(kMinute));
  }
  return program;
}

// The child itself reports what it used. The memory that wait4() tells includes the parent's, from
// before exec.
bool RunAnalysis(const std::string& path, double* seconds, uint64_t* peak_kib) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  FILE* const child = popen(absl::StrCat("'", self, "' --analyze '", path, "'").c_str(), "r");
  if (child == nullptr) return false;
  const bool told = fscanf(child, "%lf %lu", seconds, peak_kib) == 2;
  return pclose(child) == 0 && told;
}

uint64_t PeakKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Cost MeasureCost(uint32_t sites, uint64_t samples) {
  Random random(1);
  const Program program = BigProgram(sites, samples, random);
  TrackedRun run(program, 1);
  const std::vector<uint8_t> bytes = run.FinishBytes();
  const std::string path =
      std::filesystem::temp_directory_path() / absl::StrCat("verdict_cost.", getpid(), ".ltk");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  const capture::Capture capture = capture::DecodeCaptureFile(path).capture;
  Cost cost{
      program.sites.size(), capture.samples_total, capture.survivors.size(), bytes.size(), 0, 0};
  uint64_t peak_kib = 0;
  if (!RunAnalysis(path, &cost.cpu_seconds, &peak_kib))
    fprintf(stderr, "the analysis of %s failed\n", path.c_str());
  std::filesystem::remove(path);
  cost.peak_bytes = peak_kib * 1024;
  return cost;
}

std::string AsText(const Cost& cost) {
  return absl::StrFormat(
      "\ncost: %d samples, %d sites, %d survivors, file %.1f MiB: %.2f s of CPU, %.0f MiB at "
      "most\n",
      cost.samples, cost.sites, cost.survivors, static_cast<double>(cost.file_bytes) / (1 << 20),
      cost.cpu_seconds, static_cast<double>(cost.peak_bytes) / (1 << 20));
}

int AnalyzeOnly(const std::string& path) {
  const capture::DecodeResult decoded = capture::DecodeCaptureFile(path);
  if (decoded.failure != capture::DecodeFailure::kNone) {
    fprintf(stderr, "%s\n", decoded.message.c_str());
    return 2;
  }
  Numbers names;
  if (Analyze(decoded.capture, names).sites.empty()) return 1;
  printf("%.3f %lu\n", CpuSeconds(), PeakKib());
  return 0;
}

}  // namespace leaktrack::verdicts

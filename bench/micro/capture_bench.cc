// SPDX-License-Identifier: Apache-2.0
//
// The path of a history through the file: writing an epoch, reading the file, judging the sites.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdint>
#include <vector>

#include "bench/report/full_run.h"
#include "libtrack/capture/read/capture_bytes.h"
#include "tools/analysis/analyze.h"

namespace leaktrack {
namespace {

constexpr uint64_t kStepMs = 100'000;

double PeakMiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

std::vector<uint8_t> Written(uint32_t sites, uint64_t epochs) {
  testing::FullRun run(sites);
  for (uint64_t i = 1; i <= epochs; ++i) {
    run.Allocate(i * kStepMs);
    run.Epoch(i * kStepMs);
  }
  return run.Finish();
}

// One epoch in which half of the counters have changed. A site has one birth counter and up to 40
// counters of deaths by age.
void EncodeEpoch(benchmark::State& bench) {
  testing::FullRun run(static_cast<uint32_t>(bench.range(0)));
  uint64_t now_ms = 0;
  for (auto _ : bench) {
    bench.PauseTiming();
    run.Allocate(now_ms += kStepMs);
    bench.ResumeTiming();
    if (!run.Epoch(now_ms)) bench.SkipWithError("the file is full");
  }
}
BENCHMARK(EncodeEpoch)->Arg(100)->Arg(1'000)->Unit(benchmark::kMicrosecond);

void DecodeCapture(benchmark::State& bench) {
  const std::vector<uint8_t> bytes = Written(static_cast<uint32_t>(bench.range(0)), 100);
  for (auto _ : bench)
    benchmark::DoNotOptimize(capture::DecodeCaptureBytes("bench", bytes, nullptr));
  bench.SetBytesProcessed(static_cast<int64_t>(bytes.size()) *
                          static_cast<int64_t>(bench.iterations()));
}
BENCHMARK(DecodeCapture)->Arg(100)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

// From the file's bytes to verdicts, without names: 10^6 samples of 10^4 sites.
void AnalyzeCapture(benchmark::State& bench) {
  const std::vector<uint8_t> bytes = Written(static_cast<uint32_t>(bench.range(0)), 100);
  for (auto _ : bench) {
    const capture::Capture capture = capture::DecodeCaptureBytes("bench", bytes, nullptr).capture;
    const auto symbolizer = NewElfSymbolizer(capture.modules);
    benchmark::DoNotOptimize(Analyze(capture, *symbolizer, {}));
    bench.counters["samples"] = static_cast<double>(capture.samples_total);
  }
  // Of the whole process, including the making of the capture.
  bench.counters["peak_MiB"] = PeakMiB();
}
BENCHMARK(AnalyzeCapture)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/capture_symbolizer.h"

#include <string>

#include "tools/symbolize/perf_map.h"

namespace leaktrack {

std::optional<Seal> SealOf(const capture::Capture& capture) {
  return capture.seal.empty() ? std::nullopt : ReadSeal(capture.seal, capture.modules);
}

std::unique_ptr<Symbolizer> NewCaptureSymbolizer(const capture::Capture& capture, const SymbolizerOptions& options, FrameCache* cache,
                                                 std::optional<Seal> seal) {
  SymbolizerOptions all = options;
  if (capture.process.pid_here != 0)
    all.process_root = "/proc/" + std::to_string(capture.process.pid_here) + "/root";
  std::unique_ptr<Symbolizer> symbolizer = NewCachedSymbolizer(capture.modules, all, cache);
  const std::string name = all.perf_map_directory + "/perf-" + std::to_string(capture.process.pid) + ".map";
  const int64_t started_at = capture.process.start_realtime_ns / 1'000'000'000;
  // Every container has a pid 1: of another's, or of another machine's, our map of that number
  // tells nothing.
  PerfMap map = capture.numbers_are_ours ? ReadPerfMap(name, started_at) : PerfMap();
  if (map.empty() && !all.process_root.empty()) map = ReadPerfMap(all.process_root + name, started_at);
  if (!map.empty()) symbolizer = NewJitSymbolizer(std::move(map), std::move(symbolizer));
  return seal ? NewSealedSymbolizer(*std::move(seal), std::move(symbolizer)) : std::move(symbolizer);
}

}  // namespace leaktrack

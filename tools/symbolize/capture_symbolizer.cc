// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/capture_symbolizer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/symbolize/perf_map.h"

namespace leaktrack {

std::optional<Seal> SealOf(const capture::Capture& capture) {
  return capture.seal.empty() ? std::nullopt : ReadSeal(capture.seal, capture.modules);
}

namespace {

constexpr int64_t kLate = 60;  // seconds: a JVM writes its map when it has ended for us

// Of code in no module, ascending.
std::vector<uint64_t> MadeCodeOf(const capture::Capture& capture) {
  std::vector<uint64_t> addresses;
  for (const auto& [site, stack] : capture.stacks) {
    for (const capture::Frame frame : stack.frames) {
      if (capture::FrameModule(frame) == capture::kUnknownModule)
        addresses.push_back(capture::FrameAddress(frame));
    }
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

// The process has written its capture: whose that is, its map was.
std::optional<PerfMapOrigin> OriginOf(const capture::Capture& capture) {
  struct stat facts {};
  if (stat(capture.path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
  PerfMapOrigin origin{.owner = facts.st_uid,
                       .not_before = capture.process.start_realtime_ns / 1'000'000'000};
  const auto seconds = static_cast<int64_t>(capture.duration_ms / 1000);
  if (!capture.running) origin.not_after = origin.not_before + seconds + kLate;
  return origin;
}

PerfMap FindPerfMap(const capture::Capture& capture, const SymbolizerOptions& options) {
  const std::vector<uint64_t> wanted = MadeCodeOf(capture);
  const std::optional<PerfMapOrigin> origin = OriginOf(capture);
  if (!origin || wanted.empty()) return {};
  const std::string name =
      options.perf_map_directory + "/perf-" + std::to_string(capture.process.pid) + ".map";
  PerfMap map;
  // Every container has a pid 1: of another's, or of another machine's, our map of that number
  // tells nothing.
  if (capture.numbers_are_ours) map = ReadPerfMap(name, *origin, wanted);
  if (map.empty() && !options.process_root.empty())
    map = ReadPerfMap(options.process_root + name, *origin, wanted);
  return map;
}

}  // namespace

std::unique_ptr<Symbolizer> NewCaptureSymbolizer(const capture::Capture& capture,
                                                 const SymbolizerOptions& options,
                                                 FrameCache* cache, std::optional<Seal> seal) {
  SymbolizerOptions all = options;
  if (capture.process.pid_here != 0)
    all.process_root = "/proc/" + std::to_string(capture.process.pid_here) + "/root";
  std::unique_ptr<Symbolizer> symbolizer = NewCachedSymbolizer(capture.modules, all, cache);
  PerfMap map = FindPerfMap(capture, all);
  if (!map.empty()) symbolizer = NewJitSymbolizer(std::move(map), std::move(symbolizer));
  return seal ? NewSealedSymbolizer(*std::move(seal), std::move(symbolizer))
              : std::move(symbolizer);
}

}  // namespace leaktrack

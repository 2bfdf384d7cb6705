// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/runtime_advice.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "libtrack/capture/allocators.h"

namespace leaktrack {
namespace {

constexpr double kMuch = 1 << 20;          // bytes in an allocator of a run-time's own
constexpr int kGLibWithoutSlices = 7'600;  // libglib-2.0.so.0.7600.0, and later

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool BeginsWithOne(std::string_view name, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(
      beginnings, [&](std::string_view beginning) { return name.starts_with(beginning); });
}

const capture::ModuleInfo* Loaded(const capture::Capture& capture,
                                  std::initializer_list<std::string_view> beginnings) {
  const auto found = std::ranges::find_if(capture.modules, [&](const auto& module) {
    return BeginsWithOne(FileName(module.path), beginnings);
  });
  return found == capture.modules.end() ? nullptr : &*found;
}

bool Grows(const Analysis& analysis) {
  const MemoryResult& memory = analysis.memory;
  return analysis.total_growth || (memory.rss_growth && memory.rss_growth->low > 0) ||
         memory.memory_class == MemoryClass::kMappings;
}

// Memory that a run-time maps for an allocator of its own.
bool HoldsMappings(const Analysis& analysis, std::initializer_list<std::string_view> files) {
  double bytes = 0;
  for (const SiteResult& site : analysis.sites) {
    if (site.kind != capture::SiteKind::kMapping) continue;
    const auto asks = std::ranges::find_if(site.stack, [](const ResolvedFrame& frame) {
      return !BeginsWithOne(FileName(frame.module), {"libc.so", "libc-2", "libleaktrack"});
    });
    if (asks != site.stack.end() && BeginsWithOne(FileName((*asks).module), files))
      bytes += site.live_bytes;
  }
  return bytes >= kMuch;
}

bool GrowsUnder(const Analysis& analysis, std::string_view function) {
  return std::ranges::any_of(analysis.sites, [&](const SiteResult& site) {
    return site.verdict >= Verdict::kWatch &&
           std::ranges::any_of(site.stack, [&](const ResolvedFrame& frame) {
             return std::string_view(frame.function).starts_with(function);
           });
  });
}

// "libglib-2.0.so.0.7400.6" is GLib 2.74, which has slices of its own still.
bool HasSlices(const capture::Capture& capture) {
  constexpr std::string_view kGLib = "libglib-2.0.so.0.";
  const capture::ModuleInfo* glib = Loaded(capture, {kGLib});
  if (glib == nullptr) return false;
  const std::string_view version = FileName(glib->path).substr(kGLib.size());
  int number = kGLibWithoutSlices;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number < kGLibWithoutSlices;
}

void AdviseOnPreload(const capture::Capture& capture, std::vector<Advice>& advice) {
  const auto malloc_hook = std::ranges::find(capture.hooks, "malloc",
                                             &std::pair<std::string, capture::HookState>::first);
  if (malloc_hook == capture.hooks.end() || malloc_hook->second != capture::HookState::kBypassed)
    return;
  // Each of them may be the one.
  std::string names;
  for (const capture::ModuleInfo& module : capture.modules) {
    const std::string file(FileName(module.path));
    const bool told = names == file || names.ends_with(" or " + file);
    if (capture::AllocatorOfLibrary(file) == capture::Allocator::kUnknown || told) continue;
    names += (names.empty() ? "" : " or ") + file;
  }
  if (!names.empty()) advice.push_back({AdviceKind::kPreloadFirst, 0, names});
}

void AdviseOnManagedHeaps(const capture::Capture& capture, const Analysis& analysis,
                          std::vector<Advice>& advice) {
  if (!Grows(analysis)) return;
  if (Loaded(capture, {"libjvm.so"})) advice.push_back({AdviceKind::kJvmTools, 0, ""});
  const bool is_node = capture.process.program == "node" || Loaded(capture, {"libnode.so"});
  if (is_node) advice.push_back({AdviceKind::kNodeTools, 0, ""});
  const bool is_go = std::ranges::any_of(analysis.sites, [](const SiteResult& site) {
    return std::ranges::any_of(site.stack, [](const ResolvedFrame& frame) {
      return BeginsWithOne(frame.function, {"runtime.asmcgocall", "runtime.cgocall", "_cgo_"});
    });
  });
  if (is_go) advice.push_back({AdviceKind::kGoTools, 0, ""});
}

void AdviseOnLimit(const capture::Capture& capture, const Analysis& analysis,
                   std::vector<Advice>& advice) {
  const ProcessResult& process = analysis.process;
  if (capture.memory.empty() || !process.limit_bytes || process.limit_kind == LimitKind::kRlimit)
    return;
  const int64_t machine = capture.memory.back().machine_total;
  if (machine > 0 && *process.limit_bytes > machine)
    advice.push_back({AdviceKind::kLimitAboveMachine, machine, ""});
}

}  // namespace

std::vector<Advice> RuntimeAdvice(const capture::Capture& capture, const Analysis& analysis) {
  std::vector<Advice> advice;
  AdviseOnPreload(capture, advice);
  if (HoldsMappings(analysis, {"python", "libpython"}))
    advice.push_back({AdviceKind::kPythonMalloc, 0, ""});
  if (HoldsMappings(analysis, {"php", "libphp"})) advice.push_back({AdviceKind::kZendAlloc, 0, ""});
  if (HasSlices(capture) && GrowsUnder(analysis, "g_slice_"))
    advice.push_back({AdviceKind::kGSlice, 0, ""});
  AdviseOnManagedHeaps(capture, analysis, advice);
  AdviseOnLimit(capture, analysis, advice);
  return advice;
}

}  // namespace leaktrack

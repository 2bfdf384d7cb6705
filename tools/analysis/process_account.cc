// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process_account.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/site_history.h"

namespace leaktrack {
namespace {

constexpr double kWarningShare = .75, kCriticalShare = .90, kImminentShare = .97;
constexpr double kWarningSeconds = 24 * 3600, kCriticalSeconds = 3600, kImminentSeconds = 600;
constexpr size_t kMinMemorySamples = 8;
constexpr double kNoticeableShare = .10;      // growth of the RSS below this, or below 4 MiB, is noise
constexpr double kNoticeableBytes = 4 << 20;

bool Known(int64_t value) { return value != capture::kNotKnown; }

// The last look at the living process: a sample taken when its recorder was folded knows nothing of it.
const capture::MemorySample& LastLook(const capture::Capture& capture) {
  for (auto sample = capture.memory.rbegin(); sample != capture.memory.rend(); ++sample) {
    if (Known(sample->rss)) return *sample;
  }
  return capture.memory.back();
}

struct Limit {
  int64_t bytes = 0;
  double headroom = 0;
  const char* kind = "";
};

std::optional<Limit> FindLimit(const capture::MemorySample& now) {
  const auto room = [](int64_t limit, int64_t used) { return std::max(0.0, static_cast<double>(limit - used)); };
  if (now.cgroup_max > 0 && Known(now.cgroup_current)) {
    return Limit{now.cgroup_max, room(now.cgroup_max, now.cgroup_current), "cgroup"};
  }
  if (now.rlimit_as > 0 && Known(now.rss)) return Limit{now.rlimit_as, room(now.rlimit_as, now.rss), "rlimit"};
  if (now.machine_total > 0 && Known(now.machine_available)) {
    return Limit{now.machine_total, std::max(0.0, static_cast<double>(now.machine_available)), "machine"};
  }
  return std::nullopt;
}

Status Rank(double share, const std::optional<double>& seconds) {
  const double left = seconds.value_or(1e18);
  if (share >= kImminentShare || left < kImminentSeconds) return Status::kOomImminent;
  if (share >= kCriticalShare || left < kCriticalSeconds) return Status::kCritical;
  return share >= kWarningShare || left < kWarningSeconds ? Status::kWarning : Status::kOk;
}

bool Noticeable(double from, double to) {
  return to - from > kNoticeableBytes && to - from > kNoticeableShare * std::max(from, 1.0);
}

// From the first quarter on: what happens before is start-up.
MemoryClass Classify(const capture::Capture& capture, bool heap_accused, bool mapping_accused) {
  const auto& samples = capture.memory;
  if (samples.size() < kMinMemorySamples) {
    return heap_accused ? MemoryClass::kLeak : mapping_accused ? MemoryClass::kMappings : MemoryClass::kUnknown;
  }
  const capture::MemorySample& then = samples[samples.size() / 4];
  const capture::MemorySample& now = LastLook(capture);
  if (!Known(then.rss) || !Known(now.rss)) return heap_accused ? MemoryClass::kLeak : MemoryClass::kUnknown;
  const bool rss_grows = Noticeable(static_cast<double>(then.rss), static_cast<double>(now.rss));
  if (heap_accused || mapping_accused) {
    // Growth that never becomes resident is reserved, or swapped out; small growth is still growth.
    const bool resident = rss_grows || now.rss > then.rss;
    if (!resident) return MemoryClass::kUntouched;
    return heap_accused ? MemoryClass::kLeak : MemoryClass::kMappings;
  }
  if (!rss_grows) return MemoryClass::kSteady;
  const double rss_growth = static_cast<double>(now.rss - then.rss);
  const double heap_growth = LiveHeapBytesAt(capture, now.time_ms) - LiveHeapBytesAt(capture, then.time_ms);
  return heap_growth < .3 * rss_growth ? MemoryClass::kRetention : MemoryClass::kUnknown;
}

}  // namespace

std::optional<Rate> TotalGrowth(const std::vector<SiteResult>& sites) {
  std::optional<Rate> total;
  double below = 0;
  double above = 0;
  for (const SiteResult& site : sites) {
    if (site.verdict < Verdict::kSuspect || !site.growth) continue;
    if (!total) total.emplace();
    total->mid += site.growth->mid;
    below += std::pow(site.growth->mid - site.growth->low, 2);  // sites are sampled independently
    above += std::pow(site.growth->high - site.growth->mid, 2);
  }
  if (total) {
    total->low = std::max(0.0, total->mid - std::sqrt(below));
    total->high = total->mid + std::sqrt(above);
  }
  return total;
}

ProcessResult AccountForLimit(const capture::Capture& capture, const std::optional<Rate>& growth) {
  ProcessResult result;
  if (capture.memory.empty()) return result;
  const std::optional<Limit> limit = FindLimit(LastLook(capture));
  if (!limit) return result;
  result.limit_bytes = limit->bytes;
  result.limit_kind = limit->kind;
  result.used_fraction = 1 - std::min(1.0, limit->headroom / static_cast<double>(limit->bytes));
  if (growth && growth->mid > 0) {
    const auto seconds = [&](double rate) { return limit->headroom / rate * 3600; };
    result.seconds_low = seconds(growth->high);
    result.seconds_mid = seconds(growth->mid);
    if (growth->low > 0) result.seconds_high = seconds(growth->low);
  }
  result.status = Rank(*result.used_fraction, result.seconds_mid);
  return result;
}

MemoryResult AccountForMemory(const capture::Capture& capture, const std::vector<SiteResult>& sites) {
  MemoryResult result;
  bool heap_accused = false;
  bool mapping_accused = false;
  for (const SiteResult& site : sites) {
    const bool heap = site.kind == capture::SiteKind::kHeap;
    (heap ? result.live_heap_bytes : result.mapped_bytes) += site.live_bytes;
    if (site.verdict >= Verdict::kSuspect) (heap ? heap_accused : mapping_accused) = true;
  }
  result.memory_class = Classify(capture, heap_accused, mapping_accused);
  if (capture.memory.empty()) return result;
  const capture::MemorySample& now = LastLook(capture);
  if (Known(now.stack)) result.stack_bytes = now.stack;
  if (!Known(now.rss) || now.rss == 0) return result;
  result.rss_bytes = now.rss;
  // What can be shown to be resident, and no more:
  //   explained = file pages + shared pages + min(live heap, anonymous pages), as a share of the RSS
  // Mappings and VmStk are address space: nothing tells how far they were touched, so they explain nothing. A live
  // block need not have been touched either, hence the bound.
  const auto known = [](int64_t value) { return Known(value) ? static_cast<double>(value) : 0.0; };
  const double rss = static_cast<double>(now.rss);
  const double not_heap = known(now.file) + known(now.shared);
  const double anonymous = Known(now.anonymous) ? known(now.anonymous) : std::max(0.0, rss - not_heap);
  result.explained_fraction = std::min(1.0, (not_heap + std::min(result.live_heap_bytes, anonymous)) / rss);
  return result;
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/memory_words.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/units.h"
#include "tools/report/words/growth_words.h"

namespace leaktrack {
namespace {

constexpr int64_t kNoticeableSwap = 4 << 20;
constexpr double kManyEnded = 8;  // threads

std::string Size(double bytes) { return FormatSize(bytes); }

std::string HeldFree(const MemoryResult& memory) {
  const std::string who = AllocatorText(memory, "the allocator");
  if (!memory.retained_bytes) return absl::StrCat("how much ", who, " keeps is unknown");
  return absl::StrCat(who, " keeps ", Size(*memory.retained_bytes), " that was freed");
}

std::string RetentionText(const MemoryResult& memory) {
  const std::string heap =
      absl::StrCat("the live heap is ", Significant(memory.heap_growth) ? "far smaller" : "steady",
                   " (", Size(memory.live_heap_bytes), ")");
  if (!memory.retained_bytes) {
    return absl::StrCat("resident memory grows, but ", heap,
                        " and no mapping grows: freed memory "
                        "that is kept or fragmented; ",
                        HeldFree(memory));
  }
  return absl::StrCat(HeldFree(memory), ", or cannot use because it is fragmented; ", heap,
                      ", so no place that allocates is to blame");
}

std::string MappingsText(const MemoryResult& memory) {
  if (Significant(memory.mapped_growth)) return "mappings grow, the heap does not";
  if (const double ended = ThreadsNeverJoined(memory); ended > 0) {
    return absl::StrCat("resident memory grows, but not the heap: about ",
                        FormatCount(static_cast<uint64_t>(std::llround(ended))),
                        " threads have ended and were never joined, and their stacks stay");
  }
  const int64_t threads = memory.threads.value_or(1);
  const std::optional<Rate> rest = GrowthOfRest(memory);
  if (threads > 1 && Significant(memory.threads_growth) && memory.threads_growth->mid > 0 && rest &&
      rest->low > 0) {
    return absl::StrCat("resident memory grows by the stacks of ",
                        FormatCount(static_cast<uint64_t>(threads)), " threads, not by the heap");
  }
  const std::string stacks =
      threads > 1
          ? absl::StrCat("the stacks of ", FormatCount(static_cast<uint64_t>(threads)), " threads")
          : "stacks";
  return absl::StrCat("resident memory grows, but neither the heap nor what the allocator keeps: ",
                      stacks, ", files, or mappings that the tracker did not see");
}

std::string UntouchedText(const MemoryResult& memory) {
  if (memory.swap_bytes.value_or(0) > kNoticeableSwap) {
    return absl::StrCat("what grows takes no memory: it is swapped out (",
                        Size(static_cast<double>(*memory.swap_bytes)), "), or was never touched");
  }
  return absl::StrCat(Significant(memory.rss_growth) ? "most of " : "",
                      "what grows is reserved and was never touched: it takes address space, no "
                      "memory");
}

// Growth that is called none is as small as the slope's interval allows.
std::string SteadyText(const MemoryResult& memory) {
  std::string text = "resident memory is steady";
  if (memory.rss_bytes)
    absl::StrAppend(&text, " at ", Size(static_cast<double>(*memory.rss_bytes)));
  if (!memory.rss_growth) return text;
  const double within =
      std::max(std::abs(memory.rss_growth->low), std::abs(memory.rss_growth->high));
  return absl::StrCat(text, " (within ", GrowthRate(within), ")");
}

std::string UnknownText(const MemoryResult& memory) {
  if (!memory.rss_bytes || !Significant(memory.rss_growth) || !Significant(memory.heap_growth))
    return "";
  return "resident memory grows with the heap, but no single place is proven to";
}

}  // namespace

std::string AllocatorText(const MemoryResult& memory, const char* otherwise) {
  return memory.allocator == capture::Allocator::kUnknown
             ? otherwise
             : capture::AllocatorName(memory.allocator);
}

std::string PartText(const MemoryPart& part, const MemoryResult& memory) {
  const int64_t threads = memory.threads.value_or(1);
  switch (part.kind) {
    case MemoryPartKind::kLiveHeap:
      return memory.untouched_bytes.value_or(0) < 1 ? "live heap" : "live heap, in memory";
    case MemoryPartKind::kRounding:
      return absl::StrCat("added by ", AllocatorText(memory, "the allocator"));
    case MemoryPartKind::kRetained:
      return absl::StrCat("freed, kept by ", AllocatorText(memory, "the allocator"));
    case MemoryPartKind::kMappings:
      return "mappings";
    case MemoryPartKind::kRest:
      return threads > 2 ? absl::StrCat("stacks of ", FormatCount(static_cast<uint64_t>(threads)),
                                        " threads, rest")
                         : "stacks, mappings, rest";
    case MemoryPartKind::kFiles:
      return "files";
    case MemoryPartKind::kShared:
      return "shared memory";
  }
  return "";
}

std::optional<Rate> GrowthOfRest(const MemoryResult& memory) {
  const auto rest = std::ranges::find(memory.parts, MemoryPartKind::kRest, &MemoryPart::kind);
  return rest == memory.parts.end() ? std::nullopt : rest->growth;
}

// Sampled, it is an estimate: what is twice the number of threads is more of them than live.
double ThreadsNeverJoined(const MemoryResult& memory) {
  if (!memory.thread_starter || !memory.threads) return 0;
  const std::optional<Rate> rest = GrowthOfRest(memory);
  if (!memory.parts.empty() && (!rest || rest->low <= 0)) return 0;
  const double live = static_cast<double>(*memory.threads);
  const double ended = memory.thread_starter->threads - live;
  return ended > kManyEnded && ended > live ? ended : 0;
}

std::string MemoryText(const MemoryResult& memory) {
  switch (memory.memory_class) {
    case MemoryClass::kRetention:
      return RetentionText(memory);
    case MemoryClass::kMappings:
      return MappingsText(memory);
    case MemoryClass::kUntouched:
      return UntouchedText(memory);
    case MemoryClass::kLeak:
      return "resident memory grows with the heap";
    case MemoryClass::kSteady:
      return SteadyText(memory);
    case MemoryClass::kUnknown:
      return UnknownText(memory);
  }
  return "";
}

}  // namespace leaktrack

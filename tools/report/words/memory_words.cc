// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/memory_words.h"

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr int64_t kNoticeableSwap = 4 << 20;

std::string Size(double bytes) { return FormatSize(bytes); }

std::string HeldFree(const MemoryResult& memory) {
  const std::string who = AllocatorText(memory, "the allocator");
  if (!memory.retained_bytes) return absl::StrCat("what ", who, " holds free is not told");
  return absl::StrCat(who, " holds ", Size(*memory.retained_bytes), " that was freed");
}

std::string RetentionText(const MemoryResult& memory) {
  const std::string heap =
      absl::StrCat("the live heap is ", Significant(memory.heap_growth) ? "far smaller" : "flat",
                   " (", Size(memory.live_heap_bytes), ")");
  if (!memory.retained_bytes) {
    return absl::StrCat("resident memory grows, ", heap, ", no mapping grows; ", HeldFree(memory),
                        ": freed but kept, or fragmented");
  }
  return absl::StrCat(heap, " and ", HeldFree(memory),
                      ": kept, or fragmented; no call site is to blame");
}

std::string MappingsText(const MemoryResult& memory) {
  if (Significant(memory.mapped_growth)) return "mappings grow, not the heap";
  std::string text = "resident memory grows, neither the heap nor what the allocator holds does";
  if (memory.threads && *memory.threads > 1) {
    absl::StrAppend(&text, ": stacks of ", FormatCount(static_cast<uint64_t>(*memory.threads)),
                    " threads, files, or mappings made past us");
  } else {
    absl::StrAppend(&text, ": stacks, files, or mappings made past us");
  }
  return text;
}

std::string UntouchedText(const MemoryResult& memory) {
  if (memory.swap_bytes.value_or(0) > kNoticeableSwap) {
    return absl::StrCat("what grows is not resident: swapped out (",
                        Size(static_cast<double>(*memory.swap_bytes)), " are), or never touched");
  }
  return "what grows is reserved and never touched: it takes address space, no memory";
}

std::string UnknownText(const MemoryResult& memory) {
  if (!memory.rss_bytes || !Significant(memory.rss_growth) || !Significant(memory.heap_growth))
    return "";
  return "resident memory grows with the heap, no single site is proven to";
}

std::string FewerArenas(const MemoryResult& memory) {
  const std::string now =
      memory.allocator_arenas
          ? absl::StrCat(" (", FormatCount(static_cast<uint64_t>(*memory.allocator_arenas)),
                         " now)")
          : "";
  return absl::StrCat("MALLOC_ARENA_MAX=2 in its environment: fewer arenas", now,
                      ", less kept in each");
}

std::string AdviceText(Advice advice, const MemoryResult& memory) {
  switch (advice) {
    case Advice::kFewerArenas:
      return FewerArenas(memory);
    case Advice::kTrim:
      return "malloc_trim(0) after a peak gives free pages back; it shows at once how much can be";
    case Advice::kFixedThresholds:
      return "MALLOC_TRIM_THRESHOLD_=131072 and MALLOC_MMAP_THRESHOLD_=131072 stop glibc from "
             "raising both";
    case Advice::kOtherAllocator:
      return "blocks that live long, made among those that do not, pin whole heaps: jemalloc "
             "copes better";
    case Advice::kDecay:
      return "MALLOC_CONF=background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0 gives pages "
             "back sooner";
    case Advice::kFewerArenasOfJemalloc:
      return "narenas:4 (MALLOC_CONF) where there are many threads";
    case Advice::kReleaseRate:
      return "TCMALLOC_RELEASE_RATE=10 in its environment, or "
             "MallocExtension::ReleaseFreeMemory() after a peak";
    case Advice::kSmallThreadCaches:
      return "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=33554432 where there are many threads";
    case Advice::kPurgeAtOnce:
      return "MIMALLOC_PURGE_DELAY=0 (MIMALLOC_RESET_DELAY in 1.x) gives pages back sooner";
    case Advice::kReadSmaps:
      return "/proc/PID/smaps says which: stacks ([stack], or 8 MiB of rw-p beside 4 KiB of "
             "---p), files by name";
    case Advice::kCountsAsAddressSpace:
      return "harmless under a memory limit; not so under ulimit -v, nor where overcommit is off";
  }
  return "";
}

}  // namespace

std::string AllocatorText(const MemoryResult& memory, const char* otherwise) {
  return memory.allocator == capture::Allocator::kUnknown
             ? otherwise
             : capture::AllocatorName(memory.allocator);
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
      return "resident memory is steady";
    case MemoryClass::kUnknown:
      return UnknownText(memory);
  }
  return "";
}

std::vector<std::string> AdviceTexts(const MemoryResult& memory) {
  std::vector<std::string> texts;
  for (const Advice advice : memory.advice) texts.push_back(AdviceText(advice, memory));
  return texts;
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/advice.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

std::string Size(double bytes) { return FormatSize(bytes); }

bool Significant(const std::optional<Rate>& growth) { return growth && growth->low > 0; }

std::string HeldFree(const MemoryResult& memory) {
  const std::string who = memory.allocator.empty() ? "the allocator" : memory.allocator;
  if (!memory.retained_bytes) return absl::StrCat("how much ", who, " keeps free is unknown");
  return absl::StrCat(who, " holds ", Size(*memory.retained_bytes), " that was freed");
}

std::string RetentionEvidence(const MemoryResult& memory) {
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

std::string MappingsEvidence(const MemoryResult& memory) {
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

std::string UntouchedEvidence(const MemoryResult& memory) {
  if (memory.swap_bytes.value_or(0) > (4 << 20)) {
    return absl::StrCat("what grows is not resident: swapped out (",
                        Size(static_cast<double>(*memory.swap_bytes)), " are), or never touched");
  }
  return "what grows is reserved and never touched: it takes address space, no memory";
}

std::string UnknownEvidence(const MemoryResult& memory) {
  if (!memory.rss_bytes || !Significant(memory.rss_growth) || !Significant(memory.heap_growth))
    return "";
  return "resident memory grows with the heap, no single site is proven to";
}

std::vector<std::string> GlibcRetention(const MemoryResult& memory) {
  std::vector<std::string> advice;
  if (!memory.allocator_arenas || *memory.allocator_arenas > 2) {
    const std::string now =
        memory.allocator_arenas
            ? absl::StrCat(" (", FormatCount(static_cast<uint64_t>(*memory.allocator_arenas)),
                           " now)")
            : "";
    advice.push_back(absl::StrCat("MALLOC_ARENA_MAX=2 in its environment: fewer arenas", now,
                                  ", less kept in each"));
  }
  advice.push_back(
      "malloc_trim(0) after a peak gives free pages back; it shows at once how much can be");
  advice.push_back(
      "MALLOC_TRIM_THRESHOLD_=131072 and MALLOC_MMAP_THRESHOLD_=131072 stop glibc from raising "
      "both");
  advice.push_back(
      "blocks that live long, made among those that do not, pin whole heaps: jemalloc copes "
      "better");
  return advice;
}

std::vector<std::string> RetentionAdvice(const MemoryResult& memory) {
  if (memory.allocator == "jemalloc") {
    return {
        "MALLOC_CONF=background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0 gives pages back "
        "sooner",
        "narenas:4 (MALLOC_CONF) where there are many threads"};
  }
  if (memory.allocator == "tcmalloc") {
    return {
        "TCMALLOC_RELEASE_RATE=10 in its environment, or MallocExtension::ReleaseFreeMemory() "
        "after a peak",
        "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=33554432 where there are many threads"};
  }
  if (memory.allocator == "mimalloc")
    return {"MIMALLOC_PURGE_DELAY=0 (MIMALLOC_RESET_DELAY in 1.x) gives pages back sooner"};
  if (memory.allocator == "glibc") return GlibcRetention(memory);
  return {};
}

}  // namespace

std::string MemoryEvidence(const MemoryResult& memory) {
  switch (memory.memory_class) {
    case MemoryClass::kRetention:
      return RetentionEvidence(memory);
    case MemoryClass::kMappings:
      return MappingsEvidence(memory);
    case MemoryClass::kUntouched:
      return UntouchedEvidence(memory);
    case MemoryClass::kLeak:
      return "resident memory grows with the heap";
    case MemoryClass::kSteady:
      return "resident memory is steady";
    case MemoryClass::kUnknown:
      return UnknownEvidence(memory);
  }
  return "";
}

std::vector<std::string> MemoryAdvice(const MemoryResult& memory) {
  switch (memory.memory_class) {
    case MemoryClass::kRetention:
      return RetentionAdvice(memory);
    case MemoryClass::kMappings:
      if (Significant(memory.mapped_growth)) return {};  // the sites say where
      return {
          "/proc/PID/smaps says which: stacks ([stack], or 8 MiB of rw-p beside 4 KiB of ---p), "
          "files by name"};
    case MemoryClass::kUntouched:
      return {"harmless under a memory limit; not so under ulimit -v, nor where overcommit is off"};
    default:
      return {};
  }
}

}  // namespace leaktrack

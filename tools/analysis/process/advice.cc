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
  if (!memory.retained_bytes) return absl::StrCat("what ", who, " holds free is not told");
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

std::vector<Advice> GlibcRetention(const MemoryResult& memory) {
  std::vector<Advice> advice;
  const int64_t arenas = memory.allocator_arenas.value_or(0);
  if (arenas == 0 || arenas > 2) advice.push_back({AdviceKind::kFewerArenas, arenas, ""});
  for (const AdviceKind kind :
       {AdviceKind::kTrim, AdviceKind::kFixedThresholds, AdviceKind::kPinnedHeaps})
    advice.push_back({kind, 0, ""});
  return advice;
}

std::vector<Advice> RetentionAdvice(const MemoryResult& memory) {
  if (memory.allocator == "jemalloc")
    return {{AdviceKind::kJemallocDecay, 0, ""}, {AdviceKind::kJemallocArenas, 0, ""}};
  if (memory.allocator == "tcmalloc")
    return {{AdviceKind::kTcmallocRelease, 0, ""}, {AdviceKind::kTcmallocCaches, 0, ""}};
  if (memory.allocator == "mimalloc") return {{AdviceKind::kMimallocPurge, 0, ""}};
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

std::vector<Advice> MemoryAdvice(const MemoryResult& memory) {
  switch (memory.memory_class) {
    case MemoryClass::kRetention:
      return RetentionAdvice(memory);
    case MemoryClass::kMappings:
      if (Significant(memory.mapped_growth)) return {};  // the sites say where
      return {{AdviceKind::kReadSmaps, 0, ""}};
    case MemoryClass::kUntouched:
      return {{AdviceKind::kOnlyReserved, 0, ""}};
    case MemoryClass::kUnknown:
    case MemoryClass::kSteady:
    case MemoryClass::kLeak:
      break;
  }
  return {};
}

}  // namespace leaktrack

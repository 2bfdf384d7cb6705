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
  if (!memory.retained_bytes) return absl::StrCat("how much ", who, " keeps free is unknown");
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

}  // namespace leaktrack

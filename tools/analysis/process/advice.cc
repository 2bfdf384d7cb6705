// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/advice.h"

#include <cstdint>

namespace leaktrack {
namespace {

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
  switch (memory.allocator) {
    case capture::Allocator::kGlibc:
      return GlibcRetention(memory);
    case capture::Allocator::kJemalloc:
      return {{AdviceKind::kJemallocDecay, 0, ""}, {AdviceKind::kJemallocArenas, 0, ""}};
    case capture::Allocator::kTcmalloc:
      return {{AdviceKind::kTcmallocRelease, 0, ""}, {AdviceKind::kTcmallocCaches, 0, ""}};
    case capture::Allocator::kMimalloc:
      return {{AdviceKind::kMimallocPurge, 0, ""}};
    case capture::Allocator::kUnknown:
    case capture::Allocator::kRpmalloc:
    case capture::Allocator::kTbb:
    case capture::Allocator::kSnmalloc:
    case capture::Allocator::kScudo:
      break;
  }
  return {};
}

}  // namespace

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

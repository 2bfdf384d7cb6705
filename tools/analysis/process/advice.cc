// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/advice.h"

namespace leaktrack {
namespace {

std::vector<Advice> RetentionAdvice(const MemoryResult& memory) {
  switch (memory.allocator) {
    case capture::Allocator::kGlibc:
      if (memory.allocator_arenas && *memory.allocator_arenas <= 2)
        return {Advice::kTrim, Advice::kFixedThresholds, Advice::kOtherAllocator};
      return {Advice::kFewerArenas, Advice::kTrim, Advice::kFixedThresholds,
              Advice::kOtherAllocator};
    case capture::Allocator::kJemalloc:
      return {Advice::kDecay, Advice::kFewerArenasOfJemalloc};
    case capture::Allocator::kTcmalloc:
      return {Advice::kReleaseRate, Advice::kSmallThreadCaches};
    case capture::Allocator::kMimalloc:
      return {Advice::kPurgeAtOnce};
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
      return {Advice::kReadSmaps};
    case MemoryClass::kUntouched:
      return {Advice::kCountsAsAddressSpace};
    case MemoryClass::kUnknown:
    case MemoryClass::kSteady:
    case MemoryClass::kLeak:
      break;
  }
  return {};
}

}  // namespace leaktrack

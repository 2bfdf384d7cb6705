// SPDX-License-Identifier: Apache-2.0
//
// From a PC to its rule and its frame: first the cache, then (cold) the module's unwind tables.
//
// Promises: a module's memory is read only while it cannot go away (there since start-up, or pinned
// and probed). A PC that cannot be looked up just now gets an answer that is not cached.
//
// Thread-safety: lock-free.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_RULE_LOOKUP_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_RULE_LOOKUP_H_

#include <cstdint>

#include "libtrack/platform/cfi/cfi_program.h"
#include "libtrack/platform/cfi/rule_cache.h"

namespace leaktrack::track {

CachedRule LookUpRuleCold(CfiWork& work, uintptr_t pc);

// `pc` is a call site (return address minus one) or an interrupted instruction.
inline CachedRule LookUpRule(CfiWork& work, uintptr_t pc) {
  CachedRule found;
  if (__builtin_expect(g_rule_cache.Find(pc, found), 1)) return found;
  return LookUpRuleCold(work, pc);
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_RULE_LOOKUP_H_

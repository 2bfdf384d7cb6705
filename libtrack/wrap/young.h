// SPDX-License-Identifier: Apache-2.0
//
// Births and deaths of blocks while the process is young (runtime/youth.h), and the place where its
// run is born.
//
// A mapping of the program's own is large, so it is not kept: the run is born before it is entered.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// errno: untouched.
// Fork: a child is young again.
#ifndef LEAKTRACK_LIBTRACK_WRAP_YOUNG_H_
#define LEAKTRACK_LIBTRACK_WRAP_YOUNG_H_

#include <cstddef>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/cradle.h"
#include "libtrack/record/guard.h"

namespace leaktrack::track {

// Keeps the block if it is to be sampled, and starts the run if the time has come.
void RecordYoungBirth(HotThread& hot, const HookGuard& guard, const void* block, size_t size,
                      const StackStart& start);

// Before a mapping is entered: true if the run has been born.
bool BeBornForMapping(HotThread& hot, const HookGuard& guard, const StackStart& start);

// Before a thread is created: starts the run if the process is old enough. A process that allocates
// little beside its threads gives no other sign of life.
void BeBornForThread(const StackStart& start);

// The gate is shut, and the block is about to be freed. True if that is settled.
bool SettleYoung(const void* block);

// The same for realloc. Null: there is no such block.
Cradle::Block* TakeYoung(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_YOUNG_H_

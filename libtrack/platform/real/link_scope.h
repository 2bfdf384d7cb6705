// SPDX-License-Identifier: Apache-2.0
//
// Which definition of a name the loader would have given to a caller, had we not stood before it.
//
// A plugin that was loaded by dlopen, RTLD_LOCAL, has names of its own: its calls find them in its
// own scope unless the program defines them too. We stand in the program's scope, so each such call
// comes to us instead, and goes on to where it was meant to go: two plugins with an `operator new`
// each must not share one.
//
// The scope of an object: that of the first object of the loader's list that needs it, itself
// included, and was loaded after the start; breadth first through what that one needs. Refuses:
// RTLD_GLOBAL given later, scopes of more than 64 objects.
//
// Thread-safety: reads only what the loader has finished.
// Allocates: never.
// Signals: safe, but for system calls.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_LINK_SCOPE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_LINK_SCOPE_H_

#include "libtrack/platform/os/linker.h"

namespace leaktrack::track {

// What is loaded now is there for good and in every caller's scope. Called once, before anything
// can have been loaded by dlopen.
void NoteObjectsOfStart();

struct ScopedSymbol {
  FoundSymbol symbol;
  bool for_all = false;  // whoever asks: it was there at the start
};

// The definition of `name` behind ours that `caller`, an address in code, would find.
ScopedSymbol FindForCaller(const char* name, const void* caller);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_LINK_SCOPE_H_

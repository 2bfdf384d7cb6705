// SPDX-License-Identifier: Apache-2.0
//
// Finds the definition of a name that the loader would have given to a caller without our hooks.
//
// A plugin that was loaded by dlopen with RTLD_LOCAL has names of its own. Its calls find them in
// its own scope, unless the program defines them too. We are in the program's scope, so each such
// call reaches our hook instead, and must go on to its intended target. Two plugins that each have
// an `operator new` must not share one.
//
// The scope of an object starts at the first object of the loader's list that needs it (itself
// included) and was loaded after the start. It goes breadth first through what that object needs.
// Refuses: RTLD_GLOBAL that was given later, and scopes of more than 64 objects.
//
// Thread-safety: it reads only what the loader has finished.
// Allocates: never.
// Signals: safe, but it makes system calls.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_LINK_SCOPE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_LINK_SCOPE_H_

#include "libtrack/platform/os/linker.h"

namespace leaktrack::track {

// Notes the objects that are loaded now: they stay for good and are in every caller's scope. Called
// once, before anything can have been loaded by dlopen.
void NoteObjectsOfStart();

struct ScopedSymbol {
  FoundSymbol symbol;
  bool for_all = false;  // for any caller: it was there at the start
};

// The definition of `name` behind ours that `caller`, a code address, would find.
ScopedSymbol FindForCaller(const char* name, const void* caller);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_LINK_SCOPE_H_

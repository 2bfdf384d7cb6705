// SPDX-License-Identifier: Apache-2.0
//
// Redirects calls of names that must not be exported: the slots through which an object calls them.
//
// Why not by exporting them, as for malloc: programs ask whether `mallocx` or `free_sized` exists,
// and take another way where it does (pitfall B10). A slot exists only where the object imports the
// name and the loader has found it.
// Promises: a slot is changed only if it holds the given function, or if it is not bound yet and
// lies in an object of the start, whose lookups end there. Pages that the loader has made read-only
// are so again afterwards. Refuses: objects that come later, by dlopen; a change that the kernel
// does not permit.
//
// Thread-safety: once, at the start, before the program's own code runs.
// Allocates: never.
// Signals: unsafe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_IMPORT_SLOTS_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_IMPORT_SLOTS_H_

#include <cstddef>
#include <span>

namespace leaktrack::track {

struct Redirection {
  const char* name;
  const void* real;  // what the name means in this process; null: nobody defines it
  const void* ours;
};

// Redirects the calls of all objects but ours and `definer` (a link_map). Returns the number of
// slots that were changed.
size_t RedirectImports(const void* definer, std::span<const Redirection> redirections);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_IMPORT_SLOTS_H_

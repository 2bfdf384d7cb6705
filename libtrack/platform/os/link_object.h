// SPDX-License-Identifier: Apache-2.0
//
// Reads the loader's list of objects, and the names that each object defines and needs, without the
// loader.
//
// Why not dlsym: it takes the loader's lock, and callers of this file are inside malloc or `new`.
// Promises: tables are read, whichever loader loaded the object (glibc, musl, the kernel). A
// missing table means "not found". Refuses: protection against an object that another thread
// unloads meanwhile; see module_pins.h.
//
// Thread-safety: it reads only what the loader has finished.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_LINK_OBJECT_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_LINK_OBJECT_H_

#include <link.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leaktrack::track {

// The first object of the loader's list, which is the program itself. nullptr: there is no loader.
const link_map* FirstObject();

// The address of `name` in this one object, or nullptr.
void* FindInObject(const link_map* object, std::string_view name);

// The symbol's extent inside the object, relative to the object's bias.
struct SymbolRange {
  uintptr_t offset = 0;
  size_t bytes = 0;  // 0: not found, or the object does not say
};
SymbolRange FindRangeInObject(const link_map* object, std::string_view name);

// The `index`-th object that `object` needs (DT_NEEDED) among those in the list. nullptr: there is
// no such entry. Entries that are not loaded are skipped.
const link_map* NeededObject(const link_map* object, size_t index);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_LINK_OBJECT_H_

// SPDX-License-Identifier: Apache-2.0
//
// The loader's list of objects, and the names that each defines and needs, read by hand.
//
// Why not dlsym and its kin: they take the loader's lock, and whoever asks here is inside malloc or
// `new`. Promises: tables are read whoever loaded the object (glibc, musl, the kernel); one that is
// missing means "not found". Refuses: to protect against an object that another thread unloads
// meanwhile; see module_pins.h.
//
// Thread-safety: reads only what the loader has finished.   Allocates: never.   Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_LINK_OBJECT_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_LINK_OBJECT_H_

#include <link.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leaktrack::track {

// The first object of the loader's list, the program itself. nullptr where there is no loader.
const link_map* FirstObject();

// The address of `name` in this one object, or nullptr.
void* FindInObject(const link_map* object, std::string_view name);

// What FindInObject knows of the symbol, in words of the object's own: where it lies behind the
// object's bias.
struct SymbolRange {
  uintptr_t offset = 0;
  size_t bytes = 0;  // 0: not found, or the object does not say
};
SymbolRange FindRangeInObject(const link_map* object, std::string_view name);

// The `index`-th object that `object` needs (DT_NEEDED), as found in the list; nullptr: there is no
// such entry. Entries that are not loaded are left out.
const link_map* NeededObject(const link_map* object, size_t index);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_LINK_OBJECT_H_

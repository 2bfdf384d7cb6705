// SPDX-License-Identifier: Apache-2.0
//
// How a mapping enters the record and leaves it, whatever call made it.
//
// What is remembered has a site: the frame of the program that `start` names. What the allocator
// maps for itself is recognised by that frame lying in the allocator's text, and is left to the
// heap hooks (pitfall S13).
//
// Thread-safety: yes.   Allocates: never.   Signals: blocked while the table is locked.   errno:
// untouched. Fork: a child starts its run here, as it does at its first sampled allocation.
#ifndef LEAKTRACK_LIBTRACK_WRAP_MAPPING_BOOKS_H_
#define LEAKTRACK_LIBTRACK_WRAP_MAPPING_BOOKS_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/map_table.h"

namespace leaktrack::track {

// After the real call. Lengths are rounded up to pages.
void RememberMapping(const StackStart& start, uintptr_t mapped, size_t length);
void RememberAttachment(const StackStart& start, uintptr_t mapped, size_t length);
// To the byte: the program break has moved up.
void RememberBytes(const StackStart& start, uintptr_t from, size_t bytes);

// Address space that cannot be written costs nothing; what is opened of it is the opener's.
void ReserveMapping(const StackStart& start, uintptr_t mapped, size_t length);
void OpenReserved(const StackStart& start, uintptr_t from, size_t length);

// A look without a lock.
bool MayBeReserved(uintptr_t start, size_t length);

// What lay in the range has been replaced.
void ForgetRange(uintptr_t start, size_t length);

// Before the real call: takes the range out before it may become another thread's. Then
// EndDetached().
void DetachRange(uintptr_t start, size_t length, DetachedMappings& detached);
void DetachAttachment(uintptr_t start, DetachedMappings& detached);
void EndDetached(const DetachedMappings& detached, bool gone);

MapTable::Kind KindOfRange(uintptr_t start, size_t length);

// A call that could not be followed.
void CountLostMapping();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_MAPPING_BOOKS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Enters mappings into the record and takes them out, whatever call made them.
//
// A recorded mapping has a site: the frame of the program that `start` names. Mappings that the
// allocator makes for itself are recognised because that frame lies in the allocator's text. They
// are left to the heap hooks (pitfall S13).
//
// Thread-safety: yes.
// Allocates: never.
// Signals: blocked while the table is locked.
// errno: untouched.
// Fork: a child starts its run here, as it does at its first sampled allocation.
#ifndef LEAKTRACK_LIBTRACK_WRAP_MAPPING_BOOKS_H_
#define LEAKTRACK_LIBTRACK_WRAP_MAPPING_BOOKS_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/map_table.h"

namespace leaktrack::track {

// Call these after the real call. Lengths are rounded up to pages.
void RememberMapping(const StackStart& start, uintptr_t mapped, size_t length);
void RememberAttachment(const StackStart& start, uintptr_t mapped, size_t length);
// The program break has moved up. Exact to the byte.
void RememberBytes(const StackStart& start, uintptr_t from, size_t bytes);

// Address space that cannot be written costs nothing. A part that is opened belongs to the caller
// that opens it.
void ReserveMapping(const StackStart& start, uintptr_t mapped, size_t length);
void OpenReserved(const StackStart& start, uintptr_t from, size_t length);

// True if the caller lies in the allocator, whose mappings are not recorded.
bool IsAllocator(uintptr_t caller);

// Looks without a lock.
bool MayBeReserved(uintptr_t start, size_t length);

// The mappings in the range have been replaced.
void ForgetRange(uintptr_t start, size_t length);

// Before the real call: takes the range out while no other thread can own it. Call EndDetached()
// afterwards.
void DetachRange(uintptr_t start, size_t length, DetachedMappings& detached);
void DetachAttachment(uintptr_t start, DetachedMappings& detached);
void EndDetached(const DetachedMappings& detached, bool gone);

MapTable::Kind KindOfRange(uintptr_t start, size_t length);

// Counts a call that could not be followed.
void CountLostMapping();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_MAPPING_BOOKS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Objects of allocators inside the program, which the program announces. They are sampled, walked
// and judged like heap blocks.
//
// An object may have the same address as the block that it was cut from. So an object's key is its
// address with a bit set that no user address has. Memory that the pool took from the heap or the
// kernel (its backing) is removed from the record when the pool says so: its objects stand for it.
//
// Order, as for the heap: an object's birth is recorded before the program hands it out, and its
// death before its memory is free. The function that the program called reaches PoolAllocateSlow by
// a tail call, like the heap's slow paths.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// errno: untouched.
// Fork: a child that has not started its run records nothing.
#ifndef LEAKTRACK_LIBTRACK_WRAP_POOL_H_
#define LEAKTRACK_LIBTRACK_WRAP_POOL_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

// The object's key in the tables.
inline const void* PoolKey(const void* object) {
  return reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(object) | uintptr_t{1} << 62);
}

void PoolAllocateSlow(uint32_t pool, const void* object, size_t size);
void PoolFreeSlow(const void* object);

// From now on the heap block or mapping at `start` belongs to the pool.
void PoolTakeBacking(const void* start, size_t size);

// No object in this memory is alive any more.
void PoolClear(const void* start, size_t size);

// No object of this pool is alive any more.
void PoolDestroy(uint32_t pool);

// The heap block, or the pool's object, is meant to live for ever.
void MarkImmortal(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_POOL_H_

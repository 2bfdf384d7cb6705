// SPDX-License-Identifier: Apache-2.0
//
// Objects of the program's own allocators, which it announces: sampled, walked and judged like
// blocks of the heap.
//
// An object may begin where the block begins that it was cut from, so objects are known by their
// address with a bit set that no address of a program has. What the pool took from the heap or the
// kernel (its backing) is struck from the books when the pool says so: its objects stand for it.
//
// Order, as for the heap: an object's birth is recorded before the program hands it out, its death
// before its place is free. PoolAllocateSlow is reached by a tail call from the function that the
// program called, like the heap's slow paths.
//
// Thread-safety: yes.   Allocates: never.   Signals: safe.   errno: untouched.
// Fork: a child that has not started its run passes by.
#ifndef LEAKTRACK_LIBTRACK_WRAP_POOL_H_
#define LEAKTRACK_LIBTRACK_WRAP_POOL_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

// The object's name in the tables.
inline const void* PoolKey(const void* object) {
  return reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(object) | uintptr_t{1} << 62);
}

void PoolAllocateSlow(uint32_t pool, const void* object, size_t size);
void PoolFreeSlow(const void* object);

// The heap block or mapping at `start` is the pool's from now on.
void PoolTakeBacking(const void* start, size_t size);

// No object in this memory is alive any more.
void PoolClear(const void* start, size_t size);

// No object of this pool is alive any more.
void PoolDestroy(uint32_t pool);

// The block of the heap, or the object of a pool, is meant to live for ever.
void MarkImmortal(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_POOL_H_

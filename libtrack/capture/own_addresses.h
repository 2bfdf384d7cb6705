// SPDX-License-Identifier: Apache-2.0
//
// Where in a tracked process the tracker keeps its private memory.
//
// What: a range of addresses that belongs to nobody else, as far as is known: above the hints of
// runtimes that choose their own addresses, below the load addresses of position-independent
// programs, and nowhere near where the kernel puts mappings.
// Why shared: the tables of the tracker are full of the addresses of the program's blocks. Tools
// that ask a process's memory who holds a block must not ask them.
// Limit: a tracked program that itself maps memory there is taken for the tracker: what only this
// memory holds looks lost. No allocator or runtime is known to do so.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_OWN_ADDRESSES_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_OWN_ADDRESSES_H_

#include <cstdint>

namespace leaktrack::capture {

inline constexpr uint64_t kLowestOwnAddress = 0x4000'0000'0000;
inline constexpr uint64_t kHighestOwnAddress = 0x5400'0000'0000;

inline constexpr bool MayBeOwnMemory(uint64_t address) {
  return address >= kLowestOwnAddress && address < kHighestOwnAddress;
}

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_OWN_ADDRESSES_H_

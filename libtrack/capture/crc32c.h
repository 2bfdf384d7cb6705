// SPDX-License-Identifier: Apache-2.0
//
// CRC32C (Castagnoli), as in iSCSI and leveldb: a table of 8 x 256 words computed at compile time.
//
// No SSE4.2 instruction here: the library must run on any x86-64, and the drainer checksums some 50
// KiB a second.
//
// Thread-safety: pure function.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_CRC32C_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::capture {

// `seed`: the result for the bytes before these, 0 at the start.
uint32_t Crc32c(const void* data, size_t bytes, uint32_t seed = 0);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_CRC32C_H_

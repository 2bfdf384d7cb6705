// SPDX-License-Identifier: Apache-2.0
//
// CRC32C (Castagnoli), as in iSCSI and leveldb, with a table of 8 x 256 words computed at compile
// time.
//
// It uses no SSE4.2 instruction, because the library must run on any x86-64. The drainer checksums
// only about 50 KiB a second.
//
// Thread-safety: pure function.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_CRC32C_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::capture {

// `seed` is the result for the preceding bytes, 0 at the start.
uint32_t Crc32c(const void* data, size_t bytes, uint32_t seed = 0);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_CRC32C_H_

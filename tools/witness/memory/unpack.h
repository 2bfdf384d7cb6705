// SPDX-License-Identifier: Apache-2.0
//
// Unpacks a file that zstd or lz4 has packed, as systemd-coredump keeps cores.
//
// Promises: what is unpacked goes to a file without a name in TMPDIR (/var/tmp by default), with
// holes for zeros. What is more than `most` bytes, or more than half of what is free there, is
// refused; so is damage.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_UNPACK_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_UNPACK_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace leaktrack::witness {

enum class Packing : uint8_t { kNone, kZstd, kLz4 };
Packing PackingOf(std::string_view first_bytes);

// The descriptor of what was unpacked, for its caller to close.
absl::StatusOr<int> Unpack(int fd, Packing packing, uint64_t most = uint64_t{256} << 30);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_UNPACK_H_

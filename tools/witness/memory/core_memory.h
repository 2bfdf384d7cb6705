// SPDX-License-Identifier: Apache-2.0
//
// Reads the memory of a process from the core that it left.
//
// Promises: any file is legal: what is damaged or cut off is said, and the rest is read. What the
// kernel leaves out of cores because it is in files (constant data of modules) is read from those
// files if their build-ids are the ones in the core, below `sysroot` first. Cores that systemd has
// packed by zstd or lz4 are unpacked to a file without a name.
// Limits: 64-bit x86 ELF cores in little endian.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_CORE_MEMORY_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_CORE_MEMORY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct OpenedCore {
  std::unique_ptr<Memory> memory;
  std::string command;  // as the kernel kept it
  pid_t pid = 0;
};

absl::StatusOr<OpenedCore> OpenCore(const std::string& path, const std::string& sysroot);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_CORE_MEMORY_H_

// SPDX-License-Identifier: Apache-2.0
//
// What memory said of a run, as a file beside its capture: "x.ltk.memory".
//
// Why beside it: the capture is written by the tracked process, and only who looks from outside
// knows what its memory holds. The file outlives both.
// Promises: JSON, written as a whole or not at all. Any contents are legal: what is not understood,
// or belongs to another run, counts as no file.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_FILE_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_FILE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "tools/witness/site_memory.h"

namespace leaktrack::witness {

std::string MemoryPathOf(const std::string& capture_path);

std::string MemoryText(const RunMemory& memory);
std::optional<RunMemory> ParseMemory(const std::string& text);

absl::Status WriteMemoryFile(const std::string& capture_path, const RunMemory& memory);
std::optional<RunMemory> ReadMemoryFile(const std::string& capture_path, uint64_t run_id);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_FILE_H_

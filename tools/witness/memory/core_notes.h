// SPDX-License-Identifier: Apache-2.0
//
// The notes of a core: threads with their registers, mapped files, the command.
//
// Promises: any bytes are legal; what does not fit is passed over.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_CORE_NOTES_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_CORE_NOTES_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct CoreFile {
  Range range;
  uint64_t offset = 0;
  std::string path;
};

struct CoreNotes {
  std::vector<Thread> threads;
  std::vector<CoreFile> files;
  std::string command;
  pid_t pid = 0;
  uint64_t on_stack = 0;  // an address that lies on the stack of the main thread
};

void TakeCoreNotes(std::string_view notes, CoreNotes& found);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_CORE_NOTES_H_

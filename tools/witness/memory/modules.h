// SPDX-License-Identifier: Apache-2.0
//
// The programs and libraries of a process, by the ELF headers in its memory.
//
// Promises: headers are read from the process itself, so that a file that was replaced misleads
// nobody; any contents are legal.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_MODULES_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_MODULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct Module {
  std::string path, build_id;
  Range range;            // all its segments, .bss included
  uint64_t bias = 0;      // address less ELF virtual address
  uint64_t tls_size = 0;  // of a thread's copy, rounded to its alignment
  bool is_program = false;
};

// By address.
std::vector<Module> FindModules(Memory& memory);

// The module that holds `address`; null.
const Module* FindModule(const std::vector<Module>& modules, uint64_t address);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_MODULES_H_

// SPDX-License-Identifier: Apache-2.0
//
// Functions and lines of Go code, from the table that each Go program carries for its own panics.
//
// Why: it is there in stripped programs, too. What: the table of Go 1.18 and 1.19.
// Promises: any contents are legal; what leads nowhere has no name.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_GO_LINE_TABLE_H_
#define LEAKTRACK_TOOLS_WITNESS_GO_LINE_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "tools/witness/memory/memory.h"
#include "tools/witness/memory/modules.h"

namespace leaktrack::witness {

class GoLineTable {
 public:
  struct Place {
    std::string function, file;  // empty: not known
    int64_t line = 0;
  };

  // Finds the table in constant data of the module.
  static std::optional<GoLineTable> Find(Memory& memory, const Module& module);

  // Of a call that returns to `pc`.
  const Place& At(uint64_t pc);

 private:
  struct Header {
    uint32_t magic;
    uint8_t zeros[2], smallest_step, pointer_size;
    uint64_t functions, files, text, names, units, file_names, values, entries;
  };
  struct Function {
    uint32_t entry, name;
    int32_t arguments;
    uint32_t deferred, frame, file, line, data, unit;
  };

  GoLineTable(Memory& memory, uint64_t address, const Header& header)
      : memory_(memory), address_(address), header_(header) {}
  static bool Fits(const Header& header);
  std::optional<Function> FunctionAt(uint32_t offset);
  std::optional<int64_t> Value(uint32_t table, uint32_t entry, uint32_t offset);
  Place Look(uint64_t pc);

  Memory& memory_;
  const uint64_t address_;
  const Header header_;
  std::unordered_map<uint64_t, Place> known_;
};

// "main.leak at main.go:10"; the address where there is no name.
std::string PlaceText(const GoLineTable::Place& place, uint64_t pc);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_GO_LINE_TABLE_H_

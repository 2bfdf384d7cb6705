// SPDX-License-Identifier: Apache-2.0
//
// Names of variables by their addresses, from the symbol tables of a process's modules.
//
// Promises: a name is taken from the very file that was loaded, by its build-id, or from its debug
// file. Static variables of functions have the function's name in theirs.
// Limits: a stripped file knows only what it exports; then the answer is empty.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_ROOTS_DATA_SYMBOLS_H_
#define LEAKTRACK_TOOLS_WITNESS_ROOTS_DATA_SYMBOLS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/symbolize/symbolizer.h"
#include "tools/witness/memory/modules.h"

namespace leaktrack::witness {

class DataSymbols {
 public:
  DataSymbols(const std::vector<Module>& modules, SymbolizerOptions options)
      : modules_(modules), options_(std::move(options)) {}

  // The mangled name of the variable that holds `address`; empty.
  std::string NameAt(int module, uint64_t address);
  // The thread-local variable of the program at this distance from the start of its storage.
  std::string ThreadLocalAt(int module, uint64_t offset);

 private:
  struct Symbol {
    uint64_t start = 0, size = 0;
    std::string name;
  };
  struct Table {
    std::vector<Symbol> data, thread_local_data;  // by start
  };
  const Table& TableOf(int module);
  static std::string Find(const std::vector<Symbol>& table, uint64_t address);

  const std::vector<Module>& modules_;
  const SymbolizerOptions options_;
  std::map<int, Table> tables_;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_ROOTS_DATA_SYMBOLS_H_

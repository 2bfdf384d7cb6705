// SPDX-License-Identifier: Apache-2.0
//
// Names of C++ types by the addresses of their vtables.
//
// What: the word before a vtable's first entry leads to the type's description, and that to its
// name; both are there in stripped programs, too. Where a program was built without descriptions,
// the symbol of the vtable names the type.
// Promises: what does not lead to a name as compilers make them is no type.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_TYPES_TYPE_NAMES_H_
#define LEAKTRACK_TOOLS_WITNESS_TYPES_TYPE_NAMES_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/witness/memory/memory.h"
#include "tools/witness/memory/modules.h"
#include "tools/witness/roots/data_symbols.h"

namespace leaktrack::witness {

class TypeNames {
 public:
  TypeNames(Memory& memory, const std::vector<Module>& modules, DataSymbols& symbols)
      : memory_(memory), modules_(modules), symbols_(symbols) {}

  // As a programmer writes it; empty: this is no vtable.
  const std::string& NameOf(uint64_t vtable);

 private:
  std::string Find(uint64_t vtable);
  std::string ByDescription(uint64_t vtable);
  std::string BySymbol(uint64_t vtable);
  bool IsOfModule(uint64_t address) const { return FindModule(modules_, address) != nullptr; }

  Memory& memory_;
  const std::vector<Module>& modules_;
  DataSymbols& symbols_;
  std::unordered_map<uint64_t, std::string> known_;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_TYPES_TYPE_NAMES_H_

// SPDX-License-Identifier: Apache-2.0
//
// Who holds the blocks of each class: the block that points to it, and the root at the end of the
// way.
#ifndef LEAKTRACK_TOOLS_WITNESS_HOLDERS_H_
#define LEAKTRACK_TOOLS_WITNESS_HOLDERS_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/witness/reading.h"
#include "tools/witness/witness.h"

namespace leaktrack::witness {

class Holders {
 public:
  Holders(const Reading& reading, const Classes& classes, const SymbolizerOptions& symbols);

  // Counts who holds this block, which is reached.
  void Count(uint32_t block);
  // The holders of a class, best first; shares are of `examined`.
  std::vector<Holder> Best(uint32_t of_class, uint64_t examined) const;

 private:
  struct Key {
    HolderKind kind;
    std::string name, module;
    uint32_t site = 0;
    auto operator<=>(const Key&) const = default;
  };
  uint32_t RootOf(uint32_t block);
  uint32_t KeyOfRoot(uint32_t word);
  uint32_t KeyOfClass(uint32_t of_class);
  uint32_t Number(Key key);
  Key Describe(const RootWord& word);

  const Reading& reading_;
  const Classes& classes_;
  DataSymbols symbols_;
  std::vector<uint32_t> root_of_;      // of each block: its root's word; kNoBlock: not known yet
  std::vector<uint32_t> key_of_word_;  // kNoBlock: not known yet
  std::map<Key, uint32_t> numbers_;
  std::vector<Key> keys_;
  std::map<uint32_t, uint32_t> key_of_class_;
  std::vector<std::map<uint32_t, uint64_t>> counts_;  // by class, then by key
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HOLDERS_H_

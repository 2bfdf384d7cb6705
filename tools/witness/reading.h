// SPDX-License-Identifier: Apache-2.0
//
// One reading of a process's memory: its blocks by class, and which of them nothing reaches.
//
// Limits: two looks need two readings, and one reading of a large heap takes much memory; so what
// the second needs of the first is kept apart, in 12 bytes a block.
#ifndef LEAKTRACK_TOOLS_WITNESS_READING_H_
#define LEAKTRACK_TOOLS_WITNESS_READING_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/symbolize/symbolizer.h"
#include "tools/witness/go/goroutines.h"
#include "tools/witness/graph/reach.h"
#include "tools/witness/heaps/blocks.h"
#include "tools/witness/heaps/glibc_heap.h"
#include "tools/witness/memory/memory.h"
#include "tools/witness/memory/modules.h"
#include "tools/witness/roots/data_symbols.h"
#include "tools/witness/roots/roots.h"

namespace leaktrack::witness {

inline constexpr uint32_t kNoClass = ~uint32_t{0};

// Types and sizes, numbered alike in all readings.
class Classes {
 public:
  struct Class {
    std::string type;    // empty: blocks of a size
    uint64_t bytes = 0;  // the largest block of the class, for sizes
    uint32_t site = 0;   // of a tracked process: blocks from there; 0: none
  };
  uint32_t OfType(const std::string& type);
  uint32_t OfSize(uint64_t bytes);
  uint32_t OfSite(uint32_t site);
  const std::vector<Class>& all() const { return all_; }

 private:
  std::unordered_map<std::string, uint32_t> types_;
  std::unordered_map<uint64_t, uint32_t> sizes_;
  std::unordered_map<uint32_t, uint32_t> sites_;
  std::vector<Class> all_;
};

struct Reading {
  std::vector<Module> modules;
  std::vector<Root> roots;
  Heap heap;
  Reach reach;
  std::vector<uint32_t> class_of;  // of each block; kNoClass: freed
  // How many heads of lost graphs registers that were not read may hold.
  uint64_t hidden_registers = 0;
  GoFacts go;
  std::string blindness;  // why nothing may be called lost; empty: nothing stands against it
};

// What the next reading is compared with.
struct Earlier {
  std::vector<uint64_t> addresses;  // of the blocks, in their order
  std::vector<uint32_t> classes;
  std::vector<bool> lost;
  std::unordered_map<uint64_t, uint64_t> contents;  // of lost blocks: a hash of their first bytes
  GoFacts go;
  std::string blindness;
};

Reading ReadHeap(Memory& memory, const HeapLimits& limits, const SymbolizerOptions& symbols,
                 Classes& classes);

// The same without classes: nothing of the blocks is named. `excused`: addresses of blocks that
// count as held.
Reading ReadGraph(Memory& memory, const HeapLimits& limits,
                  const std::vector<uint64_t>& excused = {});

// Constant data of modules: mappings of their files that are neither code nor writable.
std::vector<Range> Constants(const Memory& memory, const std::vector<Module>& modules);

// Why nothing may be called lost after this reading; empty: nothing stands against it.
std::string Blindness(const Memory& memory, const Heap& heap);

// Hashes of what the lost blocks hold, as far as they are few enough.
std::unordered_map<uint64_t, uint64_t> LostContents(Memory& memory, const Reading& reading);

Earlier Summarise(Memory& memory, const Reading& reading);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_READING_H_

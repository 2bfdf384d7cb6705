// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/reading.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"
#include "tools/witness/types/type_names.h"

namespace leaktrack::witness {
namespace {

constexpr uint64_t kExactSizes = 1024;
constexpr uint64_t kSavedRegisters = 6;      // that a thread in a system call may keep pointers in
constexpr uint64_t kAllRegisters = 15 + 32;  // a thread on a processor: vector registers, too
constexpr size_t kMostContents = 200'000, kContentBytes = 256;

// Exact up to 1 KiB, then four steps to each doubling.
uint64_t SizeClass(uint64_t bytes) {
  if (bytes <= kExactSizes) return bytes;
  const uint64_t step = std::bit_floor(bytes) / 4;
  return (bytes + step - 1) / step * step;
}

void Classify(Memory& memory, const SymbolizerOptions& symbols, Classes& classes,
              Reading& reading) {
  DataSymbols names(reading.modules, symbols);
  TypeNames types(memory, reading.modules, names);
  const FirstWords& words = reading.heap.first_words;
  std::vector<uint32_t> class_of_word(words.count() + 1, kNoClass);
  for (uint32_t number = 1; number <= words.count(); ++number) {
    const std::string& type = types.NameOf(words.Word(number));
    if (!type.empty()) class_of_word[number] = classes.OfType(type);
  }
  reading.class_of.reserve(reading.heap.blocks.size());
  for (size_t i = 0; i < reading.heap.blocks.size(); ++i) {
    const Block& block = reading.heap.blocks[i];
    const uint32_t type = class_of_word[reading.heap.first_word[i]];
    reading.class_of.push_back(block.freed        ? kNoClass
                               : type != kNoClass ? type
                                                  : classes.OfSize(SizeClass(block.size)));
  }
}

uint64_t HiddenRegisters(const Memory& memory) {
  uint64_t hidden = 0;
  for (const Thread& thread : memory.threads()) {
    if (!thread.has_registers) hidden += thread.stack_pointer ? kSavedRegisters : kAllRegisters;
  }
  return hidden;
}

}  // namespace

std::vector<Range> Constants(const Memory& memory, const std::vector<Module>& modules) {
  std::vector<Range> constants;
  for (const Mapping& mapping : memory.maps()) {
    if (mapping.readable && !mapping.writable && !mapping.executable && mapping.IsFile() &&
        FindModule(modules, mapping.range.start) != nullptr)
      constants.push_back(mapping.range);
  }
  return constants;
}

std::string Blindness(const Memory& memory, const Heap& heap) {
  if (heap.dropped_pointers != 0)
    return "there are more pointers between blocks than there was room for";
  if (memory.unread_bytes() != 0)
    return absl::StrCat(FormatSize(static_cast<double>(memory.unread_bytes())),
                        " of its memory could not be read");
  return memory.doubts().empty() ? "" : memory.doubts().front();
}

uint32_t Classes::OfType(const std::string& type) {
  const auto [entry, is_new] = types_.emplace(type, static_cast<uint32_t>(all_.size()));
  if (is_new) all_.push_back({type, 0, 0});
  return entry->second;
}

uint32_t Classes::OfSize(uint64_t bytes) {
  const auto [entry, is_new] = sizes_.emplace(bytes, static_cast<uint32_t>(all_.size()));
  if (is_new) all_.push_back({"", bytes, 0});
  return entry->second;
}

uint32_t Classes::OfSite(uint32_t site) {
  const auto [entry, is_new] = sites_.emplace(site, static_cast<uint32_t>(all_.size()));
  if (is_new) all_.push_back({"", 0, site});
  return entry->second;
}

Reading ReadGraph(Memory& memory, const HeapLimits& limits, const std::vector<uint64_t>& excused) {
  Reading reading;
  reading.modules = FindModules(memory);
  RootsInput input;
  input.modules = reading.modules;
  reading.heap = ReadGlibcHeap(memory, limits, Constants(memory, reading.modules), input.own_state);
  input.heap = reading.heap.spans.ranges();
  input.unparsed = reading.heap.unparsed;
  reading.roots = FindRoots(memory, input);
  if (!excused.empty()) {
    reading.roots.emplace_back();
    reading.roots.back().name = "that the program excused";
    reading.roots.back().words = excused;
  }
  reading.reach = FindReach(memory, reading.heap, reading.roots);
  reading.hidden_registers = HiddenRegisters(memory);
  reading.blindness = Blindness(memory, reading.heap);
  return reading;
}

Reading ReadHeap(Memory& memory, const HeapLimits& limits, const SymbolizerOptions& symbols,
                 Classes& classes) {
  Reading reading = ReadGraph(memory, limits);
  Classify(memory, symbols, classes, reading);
  reading.go = ReadGo(memory, reading.modules);
  return reading;
}

std::unordered_map<uint64_t, uint64_t> LostContents(Memory& memory, const Reading& reading) {
  std::unordered_map<uint64_t, uint64_t> contents;
  for (uint32_t i = 0; i < reading.heap.blocks.size() && contents.size() < kMostContents; ++i) {
    const Block& block = reading.heap.blocks[i];
    if (block.freed || reading.reach.IsReached(i)) continue;
    char bytes[kContentBytes];
    const size_t got =
        memory.Read(block.address, bytes, std::min<uint64_t>(block.size, sizeof bytes));
    uint64_t hash = 0xcbf29ce484222325u ^ got;
    for (size_t at = 0; at + 8 <= got; at += 8) {
      uint64_t word;
      memcpy(&word, bytes + at, sizeof word);
      hash = std::rotl((hash ^ word) * 0x9e3779b97f4a7c15u, 29);
    }
    contents.emplace(block.address, hash);
  }
  return contents;
}

Earlier Summarise(Memory& memory, const Reading& reading) {
  Earlier earlier;
  earlier.contents = LostContents(memory, reading);
  earlier.blindness = reading.blindness;
  earlier.go = reading.go;
  for (uint32_t i = 0; i < reading.heap.blocks.size(); ++i) {
    const Block& block = reading.heap.blocks[i];
    if (block.freed) continue;
    earlier.addresses.push_back(block.address);
    earlier.classes.push_back(reading.class_of[i]);
    earlier.lost.push_back(!reading.reach.IsReached(i));
  }
  return earlier;
}

}  // namespace leaktrack::witness

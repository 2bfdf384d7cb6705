// SPDX-License-Identifier: Apache-2.0
//
// The memory of a process that does not exist: mappings with contents, for tests of its readers.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_SUPPORT_MADE_MEMORY_H_
#define LEAKTRACK_TESTS_SUPPORT_MADE_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/witness/heaps/glibc_layout.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::testing {

class MadeMemory : public witness::Memory {
 public:
  // In ascending order. A path makes it a file's; "[heap]" is none.
  void Map(uint64_t start, std::vector<char> bytes, const std::string& path = "") {
    witness::Mapping mapping;
    mapping.range = {start, start + bytes.size()};
    mapping.readable = mapping.writable = true;
    mapping.path = path;
    mapping.inode = path.starts_with("/") ? 1 : 0;
    maps_.push_back(mapping);
    contents_[start] = std::move(bytes);
  }
  void AddThread(witness::Thread thread) { threads_.push_back(std::move(thread)); }
  void AddKernelWord(uint64_t value) { kernel_words_.push_back({value, "epoll"}); }

  void Put(uint64_t address, uint64_t word) { memcpy(At(address), &word, sizeof word); }

  size_t Read(uint64_t address, void* to, size_t size) override {
    size_t done = 0;
    for (auto at = Holding(address); at != contents_.end() && done < size; ++at) {
      const uint64_t offset = address + done - at->first;
      if (address + done < at->first || offset >= at->second.size()) break;
      const size_t part = std::min<uint64_t>(size - done, at->second.size() - offset);
      memcpy(static_cast<char*>(to) + done, at->second.data() + offset, part);
      done += part;
    }
    return done;
  }

  // In pieces of a page, so that blocks lie across them.
  void ReadWritten(witness::Range range,
                   absl::FunctionRef<void(uint64_t, const char*, size_t)> visit) override {
    constexpr uint64_t kPiece = 4096;
    while (range.start < range.end) {
      const uint64_t next = std::min(range.end, (range.start / kPiece + 1) * kPiece);
      std::vector<char> bytes(next - range.start);
      bytes.resize(Read(range.start, bytes.data(), bytes.size()));
      if (!bytes.empty()) visit(range.start, bytes.data(), bytes.size());
      range.start = next;
    }
  }

 private:
  std::map<uint64_t, std::vector<char>>::iterator Holding(uint64_t address) {
    auto after = contents_.upper_bound(address);
    return after == contents_.begin() ? contents_.end() : std::prev(after);
  }
  char* At(uint64_t address) {
    const auto at = Holding(address);
    return at->second.data() + (address - at->first);
  }

  std::map<uint64_t, std::vector<char>> contents_;
};

inline constexpr uint64_t kMadeLibrary = 0x7f0000000000, kMadeArena = kMadeLibrary + 0x100,
                          kMadeHeap = 0x550000000000;

// An arena all of whose bins are empty.
inline witness::GlibcArena EmptyArena(uint64_t address, uint64_t top, uint64_t system) {
  witness::GlibcArena arena{};
  for (int bin = 0; bin < witness::kBins; ++bin)
    arena.bins[2 * bin] = arena.bins[2 * bin + 1] = address + witness::BinOffset(bin);
  arena.top = top;
  arena.next = address;
  arena.attached_threads = 1;
  arena.system_memory = arena.most_system_memory = system;
  return arena;
}

// A process with one heap, whose chunks are laid one behind another.
class MadeHeap {
 public:
  explicit MadeHeap(size_t bytes = 64 << 10) : bytes_(bytes), next_(kMadeHeap) {
    bytes_ = (bytes + 4095) / 4096 * 4096;
    words_.resize(bytes_ / 8);
  }

  // The address as the program has it. `usable` is 24, 40, 56 ...
  uint64_t Add(uint64_t usable, bool in_use = true) {
    const uint64_t size = (usable + 8 + 15) / 16 * 16;
    Word(next_ + 8) = size | (previous_in_use_ ? witness::kPreviousInUse : 0);
    previous_in_use_ = in_use;
    const uint64_t address = next_ + witness::kHeader;
    next_ += size;
    return address;
  }

  uint64_t& Word(uint64_t address) { return words_[(address - kMadeHeap) / 8]; }
  witness::GlibcArena& arena() { return arena_changes_; }

  // Call once, at the end. `variable`: the first words of the library's data behind its arena.
  void Finish(MadeMemory& memory, const std::vector<uint64_t>& variables = {}) {
    Word(next_ + 8) = (kMadeHeap + bytes_ - next_) | (previous_in_use_ ? 1 : 0);
    witness::GlibcArena arena = EmptyArena(kMadeArena, next_, bytes_);
    memcpy(arena.fast_bins, arena_changes_.fast_bins, sizeof arena.fast_bins);
    std::vector<char> heap(bytes_), library(8192);
    memcpy(heap.data(), words_.data(), bytes_);
    memcpy(library.data() + 0x100, &arena, sizeof arena);
    if (!variables.empty()) memcpy(library.data() + 4096, variables.data(), variables.size() * 8);
    memory.Map(kMadeHeap, std::move(heap), "[heap]");
    memory.Map(kMadeLibrary, std::move(library), "/lib/libc.so.6");
  }

 private:
  size_t bytes_;
  uint64_t next_;
  bool previous_in_use_ = true;
  std::vector<uint64_t> words_;
  witness::GlibcArena arena_changes_{};
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_SUPPORT_MADE_MEMORY_H_

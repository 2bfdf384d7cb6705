// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/glibc_arenas.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kMostArenas = 4096, kMostHeaps = 1 << 16, kMostData = 64 << 20;
constexpr int kFewestEmptyBins = 24;

bool IsPointer(uint64_t word) { return word != 0 && word >> 47 == 0 && word % 16 == 0; }

// Private data of a module: a writable mapping of a file, or the one behind it.
std::vector<Range> ModuleData(const std::vector<Mapping>& maps) {
  std::vector<Range> data;
  for (size_t i = 0; i < maps.size(); ++i) {
    const Mapping& mapping = maps[i];
    const bool file = mapping.IsFile() && !mapping.shared && mapping.writable;
    const bool behind = !mapping.IsFile() && mapping.path.empty() && mapping.writable && i > 0 &&
                        maps[i - 1].IsFile() && maps[i - 1].range.end == mapping.range.start;
    if ((file || behind) && mapping.range.size() <= kMostData) data.push_back(mapping.range);
  }
  return data;
}

class Finder {
 public:
  explicit Finder(Memory& memory) : memory_(memory) {}

  FoundArenas Find() {
    for (const Range& range : ModuleData(memory_.maps())) {
      std::vector<char> data(range.size());
      data.resize(memory_.Read(range.start, data.data(), data.size()));
      for (size_t at = 0; at + sizeof(GlibcArena) <= data.size(); at += 8)
        LookAt(range.start + at, data.data() + at);
    }
    FindParameters();
    return std::move(found_);
  }

 private:
  void LookAt(uint64_t address, const char* bytes) {
    uint64_t top, next;
    memcpy(&top, bytes + offsetof(GlibcArena, top), sizeof top);
    memcpy(&next, bytes + offsetof(GlibcArena, next), sizeof next);
    if (!IsPointer(top) || next == 0 || next >> 47 != 0) return;
    GlibcArena state;
    memcpy(&state, bytes, sizeof state);
    if (HasArenaShape(state, address)) FollowChain(address, state);
  }

  void FollowChain(uint64_t main, const GlibcArena& main_state) {
    FoundArena arena{main, true, main_state, {}};
    AddMainParts(arena);
    found_.arenas.push_back(arena);
    for (uint64_t at = main_state.next; at != main;) {
      const auto state = memory_.Get<GlibcArena>(at);
      if (!state || !HasArenaShape(*state, at) || found_.arenas.size() >= kMostArenas) {
        found_.doubts.push_back(absl::StrCat("the list of arenas breaks off at 0x", absl::Hex(at)));
        return;
      }
      FoundArena other{at, false, *state, {}};
      AddHeaps(other);
      found_.arenas.push_back(other);
      at = state->next;
    }
  }

  // The program break, and where that could not grow, the mapping that holds the top.
  void AddMainParts(FoundArena& arena) {
    const Mapping* const top = FindMapping(memory_.maps(), arena.state.top);
    if (arena.state.system_memory == 0 || top == nullptr) return;
    for (const Mapping& mapping : memory_.maps()) {
      if (mapping.path == "[heap]") AddPart(arena, mapping.range);
    }
    if (arena.parts.empty() || !arena.parts.back().range.Contains(arena.state.top))
      AddPart(arena, Unnamed(*top));
  }

  // A core does not say which mapping is the heap, and may have it in parts.
  Range Unnamed(const Mapping& top) const {
    Range range = top.range;
    for (const Mapping* below = &top; below != nullptr;
         below = FindMapping(memory_.maps(), range.start - 1)) {
      if (!below->writable || below->IsFile() || FindHome(below->range)) break;
      range.start = below->range.start;
    }
    return range;
  }

  // Behind a module's data comes its .bss, which is no heap.
  bool FindHome(const Range& range) const {
    const Mapping* const below = FindMapping(memory_.maps(), range.start - 1);
    return below != nullptr && below->IsFile();
  }

  static void AddPart(FoundArena& arena, Range range) {
    if (!arena.parts.empty() && arena.parts.back().range.end == range.start)
      arena.parts.back().range.end = range.end;
    else
      arena.parts.push_back({range, range.start});
  }

  // Each heap is aligned to its largest size and begins with the address of its arena.
  void AddHeaps(FoundArena& arena) {
    for (int shift = 26; shift >= 20; --shift) {
      const uint64_t mask = (uint64_t{1} << shift) - 1;
      const auto info = memory_.Get<GlibcHeapInfo>(arena.address & ~mask);
      if (!info || info->arena != arena.address) continue;
      AddHeapsOf(arena, mask);
      return;
    }
    found_.doubts.push_back(
        absl::StrCat("the heap of the arena at 0x", absl::Hex(arena.address), " was not found"));
  }

  void AddHeapsOf(FoundArena& arena, uint64_t mask) {
    const uint64_t own = arena.address & ~mask, head = arena.address - own;
    for (uint64_t at = arena.state.top & ~mask; at != 0 && arena.parts.size() < kMostHeaps;) {
      const auto info = memory_.Get<GlibcHeapInfo>(at);
      if (!info || info->arena != arena.address || info->size > mask + 1 ||
          info->size % 4096 != 0) {
        found_.doubts.push_back(
            absl::StrCat("the list of heaps of an arena breaks off at 0x", absl::Hex(at)));
        return;
      }
      const uint64_t behind = at == own ? head + sizeof(GlibcArena) : head;
      arena.parts.push_back({{at, at + info->size}, (at + behind + 15) / 16 * 16});
      if (info->previous == at) return;
      at = info->previous;
    }
  }

  // Known by the address where the heap begins, which stands in it.
  void FindParameters() {
    for (const FoundArena& arena : found_.arenas) {
      if (!arena.is_main || arena.parts.empty()) continue;
      const Mapping* const home = FindMapping(memory_.maps(), arena.address);
      if (home == nullptr || home->range.size() > kMostData) continue;
      std::vector<char> data(home->range.size());
      data.resize(memory_.Read(home->range.start, data.data(), data.size()));
      for (size_t at = 0; at + kParameterBytes <= data.size() && !found_.parameters; at += 8)
        found_.parameters = ParametersAt(data.data() + at, arena.parts.front().range.start);
    }
  }

  static std::optional<GlibcParameters> ParametersAt(const char* bytes, uint64_t heap_start) {
    int32_t numbers[kParameterNumbers];
    uint64_t sums[3];
    memcpy(numbers, bytes, sizeof numbers);
    memcpy(sums, bytes + sizeof numbers, sizeof sums);
    if (sums[2] < heap_start || sums[2] >= heap_start + 4096) return std::nullopt;
    // {flags, chunks, allowed, most, fixed, padding}, before glibc 2.35 {.., chunks, .., most,
    // fixed}
    for (const int first : {1, 2}) {
      const int32_t chunks = numbers[first], allowed = numbers[first + 1],
                    most = numbers[first + 2], fixed = numbers[first + 3];
      const GlibcParameters found{chunks, most, sums[0], sums[1]};
      if ((fixed == 0 || fixed == 1) && allowed > 0 && allowed >= chunks && Fits(found))
        return found;
    }
    return std::nullopt;
  }

  static bool Fits(const GlibcParameters& one) {
    const auto sum_fits = [](int32_t count, uint64_t bytes) {
      return count >= 0 && bytes % 4096 == 0 && bytes >> 47 == 0 &&
             bytes / 4096 >= static_cast<uint64_t>(count) && (bytes == 0) == (count == 0);
    };
    return sum_fits(one.mapped_chunks, one.mapped_bytes) &&
           sum_fits(one.most_mapped_chunks, one.most_mapped_bytes) &&
           one.most_mapped_chunks >= one.mapped_chunks && one.most_mapped_bytes >= one.mapped_bytes;
  }

  Memory& memory_;
  FoundArenas found_;
};

}  // namespace

bool HasArenaShape(const GlibcArena& state, uint64_t address) {
  int empty = 0;
  for (int bin = 0; bin < kBins; ++bin) {
    const uint64_t forward = state.bins[2 * bin], back = state.bins[2 * bin + 1];
    const uint64_t self = address + BinOffset(bin);
    if ((forward == self) != (back == self)) return false;
    if (forward == self)
      ++empty;
    else if (!IsPointer(forward) || !IsPointer(back))
      return false;
  }
  const bool untouched = state.top == address + BinOffset(0);
  return empty >= kFewestEmptyBins && (untouched || IsPointer(state.top)) &&
         (state.flags & ~3) == 0 && state.system_memory <= state.most_system_memory &&
         state.system_memory % 16 == 0 && state.next % 8 == 0 && state.next != 0 &&
         (untouched || state.system_memory != 0);
}

FoundArenas FindGlibcArenas(Memory& memory) { return Finder(memory).Find(); }

}  // namespace leaktrack::witness

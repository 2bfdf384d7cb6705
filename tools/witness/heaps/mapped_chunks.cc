// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/mapped_chunks.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace leaktrack::witness {
namespace {

constexpr uint64_t kPage = 4096, kMostSearched = uint64_t{1} << 30;

// The size of the chunk that these 16 bytes begin; 0: none.
uint64_t SizeOfHeader(const char* bytes, uint64_t room) {
  uint64_t words[2];
  memcpy(words, bytes, sizeof words);
  const uint64_t size = words[1] & ~kFlagBits;
  const bool fits = words[0] == 0 && (words[1] & kFlagBits) == kIsMapped && size % kPage == 0 &&
                    size != 0 && size <= room;
  return fits ? size : 0;
}

class Search {
 public:
  Search(Memory& memory, const std::vector<Range>& arenas) : memory_(memory) {
    for (const Mapping& mapping : memory.maps()) {
      const bool unnamed = mapping.path.empty() || mapping.path.starts_with("[anon");
      if (mapping.readable && mapping.writable && !mapping.shared && !mapping.IsFile() && unnamed)
        places_.push_back(mapping.range);
    }
    places_ = Without(places_, arenas);
  }

  // From the beginning of each place, as long as headers follow each other.
  void FollowHeaders() {
    std::vector<Range> rest;
    for (Range place : places_) {
      char header[kHeader];
      while (place.size() >= kPage &&
             memory_.Read(place.start, header, sizeof header) == sizeof header) {
        const uint64_t size = SizeOfHeader(header, place.size());
        if (size == 0) break;
        Found({place.start, place.start + size});
        place.start += size;
      }
      if (place.size() > kPage) rest.push_back(place);
    }
    places_ = std::move(rest);
  }

  void LookThroughPages() {
    uint64_t searched = 0;
    for (const Range& place : places_) {
      searched += place.size();
      if (searched > kMostSearched) return;
      uint64_t next = place.start;
      memory_.ReadWritten(place, [&](uint64_t address, const char* bytes, size_t got) {
        next = std::max(next, (address + kPage - 1) / kPage * kPage);
        for (; next + kHeader <= address + got; next += kPage) {
          const uint64_t size = SizeOfHeader(bytes + (next - address), place.end - next);
          if (size == 0) continue;
          Found({next, next + size});
          next += size - kPage;
        }
      });
    }
  }

  uint64_t bytes() const { return bytes_; }
  std::vector<Range>& chunks() { return chunks_; }

 private:
  void Found(Range chunk) {
    chunks_.push_back(chunk);
    bytes_ += chunk.size();
  }

  Memory& memory_;
  std::vector<Range> places_, chunks_;
  uint64_t bytes_ = 0;
};

}  // namespace

std::vector<Range> FindMappedChunks(Memory& memory, const std::vector<Range>& arenas,
                                    const std::optional<GlibcParameters>& parameters) {
  Search search(memory, arenas);
  search.FollowHeaders();
  if (parameters && search.bytes() < parameters->mapped_bytes) search.LookThroughPages();
  std::sort(search.chunks().begin(), search.chunks().end(),
            [](const Range& a, const Range& b) { return a.start < b.start; });
  return std::move(search.chunks());
}

}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
//
// The mappings of a process, as /proc/PID/maps lists them.
//
// Promises: any text is legal; a line that is none is left out. Sorted, and without overlaps.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_MAPPING_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_MAPPING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leaktrack::witness {

struct Range {
  uint64_t start = 0, end = 0;
  uint64_t size() const { return end - start; }
  bool Contains(uint64_t address) const { return address >= start && address < end; }
  bool operator==(const Range&) const = default;
};

struct Mapping {
  Range range;
  bool readable = false, writable = false, executable = false, shared = false;
  uint64_t offset = 0;  // in the file
  uint64_t device = 0, inode = 0;
  std::string path;      // a file's, "[heap]", or empty
  bool deleted = false;  // the file has no name any more

  bool IsFile() const { return inode != 0; }
};

std::vector<Mapping> ParseMaps(std::string_view text);

// The mapping that holds `address`; null: there is none. `maps` is sorted.
const Mapping* FindMapping(const std::vector<Mapping>& maps, uint64_t address);

// `whole` without `holes`, which are sorted.
std::vector<Range> Without(const std::vector<Range>& whole, const std::vector<Range>& holes);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_MAPPING_H_

// SPDX-License-Identifier: Apache-2.0
//
// Names of code that was made while the program ran (JIT): /tmp/perf-<pid>.map, as node
// (--perf-basic-prof), the JVM (jcmd PID Compiler.perfmap) and many others write it: "START SIZE
// NAME" a line, in hexadecimal.
//
// Promises: any bytes are legal; opens regular files only, and believes those alone that the
// process can have written: of its owner (or of root, or of who reads), while it ran. A line at a
// time is held, and of the lines those that name a wanted address: memory is that of what is asked
// for, not of the file. At most 256 MiB and 4 million lines are read, names of 4 KiB. Of several
// names for one address the last one counts: code is thrown away and its place used again.
// Limits: the map says what stood there last, not when: after much recompilation a name may be
// another function's.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_PERF_MAP_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_PERF_MAP_H_

#include <sys/types.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

class PerfMap {
 public:
  // All of it.
  static PerfMap Parse(std::string_view text);

  // One line more. `wanted`: addresses, ascending; what lies at none of them is not kept.
  void Add(std::string_view line, std::span<const uint64_t> wanted);

  // The name of the code at an address; empty: not known.
  std::string NameOf(uint64_t address) const;
  bool empty() const { return functions_.empty(); }
  size_t size() const { return functions_.size(); }

 private:
  struct Function {
    uint64_t end = 0;
    std::string name;
  };
  bool Clear(std::string_view& line, uint64_t& start, uint64_t& end);

  std::map<uint64_t, Function> functions_;  // by start; never overlapping
};

// Who has written the map, and when he can have.
struct PerfMapOrigin {
  uid_t owner = 0;
  int64_t not_before = 0, not_after = std::numeric_limits<int64_t>::max();  // seconds since 1970
};

// Of these addresses, ascending. Empty if there is no such map.
PerfMap ReadPerfMap(const std::string& path, const PerfMapOrigin& origin,
                    std::span<const uint64_t> wanted);

// Names frames in no module by the map, all others by `files`.
std::unique_ptr<Symbolizer> NewJitSymbolizer(PerfMap map, std::unique_ptr<Symbolizer> files);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_PERF_MAP_H_

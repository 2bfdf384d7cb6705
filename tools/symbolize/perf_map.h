// SPDX-License-Identifier: Apache-2.0
//
// Names of code that was made while the program ran (JIT): /tmp/perf-<pid>.map, as node (--perf-basic-prof), the JVM (jcmd PID
// Compiler.perfmap) and many others write it: "START SIZE NAME" a line, in hexadecimal.
//
// Promises: any bytes are legal; opens regular files only; at most 256 MiB and 4 million lines are read. Of several names for one address the
// last one counts: code is thrown away and its place used again.
// Limits: the map says what stood there last, not when: after much recompilation a name may be another function's. A file older than the run
// is of another process with the same number, and not used.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_PERF_MAP_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_PERF_MAP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

class PerfMap {
 public:
  static PerfMap Parse(std::string_view text);

  // The name of the code at an address; empty: not known.
  std::string NameOf(uint64_t address) const;
  bool empty() const { return functions_.empty(); }

 private:
  struct Function {
    uint64_t end = 0;
    std::string name;
  };
  std::map<uint64_t, Function> functions_;  // by start; never overlapping
};

// The map that the process left; empty if there is none, or it is older than `started_at` (seconds since 1970).
PerfMap ReadPerfMap(const std::string& path, int64_t started_at);

// Names frames in no module by the map, all others by `files`.
std::unique_ptr<Symbolizer> NewJitSymbolizer(PerfMap map, std::unique_ptr<Symbolizer> files);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_PERF_MAP_H_

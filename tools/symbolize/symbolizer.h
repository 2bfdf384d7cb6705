// SPDX-License-Identifier: Apache-2.0
//
// From (module, address) to function, file and line, long after the process has gone.
//
// A capture stores call sites as module number and ELF virtual address. This finds each module's
// file again, proves by its build-id that it is the very file that ran, and reads symbols and DWARF
// from it or from its separate debug file. Offline: nothing is asked of the network or of this
// process's own modules.
//
// Promises: a name is never taken from a file with another build-id; without the right file a frame
// stays module and offset, and missing() says which file and build-id would help. Any input is
// legal: damaged ELF or DWARF yields fewer names and a line in missing(), never a crash. Same input
// and files, same output.
// Limits: 1,000 sites in a program with over 100 MB of debug information take under 3 s and 300
// MiB, if they are announced together: call Prepare with all frames first. A file that is cut while
// it is read yields fewer names.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_SYMBOLIZER_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_SYMBOLIZER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libtrack/capture/capture.h"

namespace leaktrack {

// One function at one call site. Names are as found: print them through SafeText.
struct ResolvedFrame {
  std::string function;  // demangled, in full; empty if not known
  std::string file;      // as the compiler recorded it; empty if not known
  uint32_t line = 0;     // 0: not known
  std::string module;    // path as captured; empty for code without a file (JIT)
  std::string build_id;
  uint64_t offset =
      0;  // ELF virtual address of the call site (absolute address where module is empty)
  bool inlined = false;  // the function was inlined into the next frame

  bool operator==(const ResolvedFrame&) const = default;
};

// A module whose frames lack names or lines.
struct MissingSymbols {
  std::string module;  // path as captured
  std::string build_id;
  std::string reason;  // "file not found", "stripped: no line numbers", ...
  std::string hint;    // what would help
  std::string
      fetch_problem;  // why the servers of debuginfod could not be asked, if they were to be

  // "file not found; --debuginfod: ..."
  std::string Why() const { return fetch_problem.empty() ? reason : reason + "; " + fetch_problem; }

  bool operator==(const MissingSymbols&) const = default;
};

struct SymbolizerOptions {
  std::string
      sysroot;  // put before module paths and /usr/lib/debug; plain paths are tried after it
  std::vector<std::string>
      debug_dirs;  // searched first: laid out like /usr/lib/debug, or a flat pile of files
  std::string process_root;   // the root directory of a process that still runs, maybe in a
                              // container; empty: it does not
  bool debuginfod = false;    // ask the servers of DEBUGINFOD_URLS for what is not here
  bool forget_names = false;  // no FrameStore: neither read nor keep names for the next report
  std::string perf_map_directory =
      "/tmp";  // where processes leave the names of code that they made
};

class Symbolizer {
 public:
  virtual ~Symbolizer() = default;

  // Resolves these frames now, module by module: the fast way for many.
  virtual void Prepare(std::span<const capture::Frame> frames) = 0;

  // The functions at a call site, innermost inlined one first; never empty. Valid as long as the
  // symbolizer.
  virtual const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) = 0;

  // Modules of the frames resolved so far that lack something, ordered by path and build-id.
  virtual std::vector<MissingSymbols> missing() const = 0;
};

// Reads ELF and DWARF files of this machine.
std::unique_ptr<Symbolizer> NewElfSymbolizer(std::span<const capture::ModuleInfo> modules,
                                             SymbolizerOptions options = {});

// What a module is known by: its build-id, as a plugin may be loaded from a new path each time; the
// path where it has none.
inline const std::string& ModuleIdentity(const ResolvedFrame& frame) {
  return frame.build_id.empty() ? frame.module : frame.build_id;
}

// "Parse(char const*)", or "libfoo.so.1+0x1234" where there is no function, or "0x7f..." where
// there is no module. Safe to print.
std::string DisplayName(const ResolvedFrame& frame);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_SYMBOLIZER_H_

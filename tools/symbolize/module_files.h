// SPDX-License-Identifier: Apache-2.0
//
// Finds the files of a captured module: the one that ran and the one with its debug information.
//
// The path alone proves nothing (packages are upgraded, containers differ, paths are reused): a
// file counts only when its build-id is the captured one. Searched, in this order: sysroot + path,
// path, each debug directory (as a tree, as a flat pile, by .build-id, in debuginfod's cache
// layout, at last by the build-id of each file in it); for debug information also .gnu_debuglink
// beside the file, in .debug/, and below /usr/lib/debug. A module without a build-id is taken by
// path, its debuglink by CRC.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_MODULE_FILES_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_MODULE_FILES_H_

#include <memory>
#include <string>

#include "libtrack/capture/capture.h"
#include "tools/symbolize/elf_file.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct ModuleFiles {
  std::unique_ptr<ElfFile> main;  // what ran; null if not found
  std::unique_ptr<ElfFile>
      debug;  // a separate file with debug information; null if not found or not needed
  std::string fetch_problem;  // why the servers could not be asked
  std::string problem;        // why main is null, or what is doubtful about it

  // The one with DWARF, or null.
  const ElfFile* dwarf() const {
    if (debug != nullptr && debug->has_debug_info()) return debug.get();
    return main != nullptr && main->has_debug_info() ? main.get() : nullptr;
  }
};

ModuleFiles FindModuleFiles(const capture::ModuleInfo& module, const SymbolizerOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_MODULE_FILES_H_

// SPDX-License-Identifier: Apache-2.0
//
// Which of a process's code is the program's own: what its developers can change.
//
// What: the main executable; whatever lies in its own folder, or in the folder that its bin/ is in;
// libraries and plugins named after it, as /usr/lib/nginx/modules or libruby-3.1.so; and all that
// lies outside of the folders where systems keep libraries. Not the libraries that the table
// (known_code.h) knows, even beside the program, unless the program has their name: curl. An
// interpreter is a host: the code that it runs is the program. Why by path: names tell what a
// function is called, not who can mend it. Promises: by module path alone, so that it is the same
// with and without symbols. Limits: a library of the same developers in /usr/lib under an unrelated
// name counts as somebody else's. Where the executable is not known, all is
// the program's own but run-time libraries and interpreters.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_OWN_CODE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_OWN_CODE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "libtrack/capture/capture.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

enum class ModuleRole : uint8_t { kOwn, kHost, kLibrary, kRuntime };

class OwnCode {
 public:
  OwnCode() = default;
  explicit OwnCode(std::string_view executable);
  explicit OwnCode(const capture::Capture& capture);

  ModuleRole RoleOf(const ResolvedFrame& frame) const;

  bool Owns(const ResolvedFrame& frame) const { return RoleOf(frame) == ModuleRole::kOwn; }

  const std::string& executable() const { return executable_; }

 private:
  ModuleRole Judge(std::string_view path) const;
  bool IsOfItsPackage(std::string_view path) const;
  bool IsLibraryOfItsName(std::string_view file) const;

  std::string executable_;
  std::string folder_;  // of its package, with a '/' at the end; empty: shared with others
  std::string stem_;    // of its name: "redis"
  std::map<std::string, ModuleRole, std::less<>> roles_;  // of the modules of the capture
};

// The path of the main program; empty: not known.
std::string ExecutableOf(const capture::Capture& capture);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_OWN_CODE_H_

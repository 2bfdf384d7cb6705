// SPDX-License-Identifier: Apache-2.0
//
// The two ways to the distribution's debuginfod client.
//
// What: its library, loaded when first asked, and its program, `debuginfod-find`, started for each
// file. Why both: the library needs no program, and a statically linked leaktrack can load no
// library (it has its own C library inside; debuginfod_none.cc replaces the first way there).
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_DEBUGINFOD_CLIENT_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_DEBUGINFOD_CLIENT_H_

#include <memory>
#include <string>

namespace leaktrack {

class DebuginfodClient {
 public:
  enum class Kind { kDebugInfo, kExecutable };

  DebuginfodClient() = default;
  virtual ~DebuginfodClient() = default;
  DebuginfodClient(const DebuginfodClient&) = delete;
  DebuginfodClient& operator=(const DebuginfodClient&) = delete;

  // Sets `path` to the fetched file. Empty with an empty result: the servers have none. The result
  // is why they could not be asked.
  virtual std::string Find(const std::string& build_id, Kind kind, std::string& path) = 0;
};

// Each nullptr if it is not installed. `OpenDebuginfodLibrary` has a file of its own.
std::unique_ptr<DebuginfodClient> OpenDebuginfodLibrary();
std::unique_ptr<DebuginfodClient> OpenDebuginfodProgram();

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_DEBUGINFOD_CLIENT_H_

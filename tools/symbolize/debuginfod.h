// SPDX-License-Identifier: Apache-2.0
//
// Files by build-id from the servers that the user named (DEBUGINFOD_URLS), through the
// distribution's own client.
//
// What: libdebuginfod is loaded when first asked, or debuginfod-find started, never linked: users
// that do not want the network do not need it. It keeps what it fetched in its cache
// ($XDG_CACHE_HOME/debuginfod_client), so the second time costs nothing. Promises: asked only if
// the user said so (--debuginfod); a file takes 30 s at most unless DEBUGINFOD_MAXTIME says
// otherwise; after a server did not answer nothing more is asked; problem() says what went wrong.
// What is fetched is believed only if its build-id is the one asked for (module_files.h).
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_DEBUGINFOD_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_DEBUGINFOD_H_

#include <memory>
#include <string>

#include "tools/symbolize/debuginfod_client.h"

namespace leaktrack {

class Debuginfod {
 public:
  using Kind = DebuginfodClient::Kind;

  Debuginfod();
  ~Debuginfod();
  Debuginfod(const Debuginfod&) = delete;
  Debuginfod& operator=(const Debuginfod&) = delete;

  // The path of the fetched file; empty if the servers have none. `build_id` is lower-case hex.
  std::string Find(const std::string& build_id, Kind kind);

  // Why nothing more is asked, in one line; empty: all is well.
  const std::string& problem() const { return problem_; }

 private:
  std::unique_ptr<DebuginfodClient> client_;
  std::string problem_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_DEBUGINFOD_H_

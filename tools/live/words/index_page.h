// SPDX-License-Identifier: Apache-2.0
//
// The small page that a browser sees first: all processes, and the captures of those that ended.
//
// Promises: no script, nothing from elsewhere; names are text, whatever they hold.
#ifndef LEAKTRACK_TOOLS_LIVE_WORDS_INDEX_PAGE_H_
#define LEAKTRACK_TOOLS_LIVE_WORDS_INDEX_PAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/live/model/view.h"

namespace leaktrack::live {

// A capture that can be asked for, by the id of its run.
struct KnownRun {
  std::string run_id;  // 16 hexadecimal digits
  std::string path;
  pid_t pid = 0;  // of the living process; 0: it has ended
};

std::string IndexPage(const HostView& host, const std::vector<KnownRun>& runs, int64_t now);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_WORDS_INDEX_PAGE_H_

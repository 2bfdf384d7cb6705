// SPDX-License-Identifier: Apache-2.0
//
// The lines of source that a page shows.
#ifndef LEAKTRACK_TOOLS_COMMANDS_EXCERPTS_H_
#define LEAKTRACK_TOOLS_COMMANDS_EXCERPTS_H_

#include <map>
#include <string>

#include "tools/analysis/model/result.h"
#include "tools/symbolize/source_lines.h"

namespace leaktrack {

// Around the frames that a reader looks at first: from the blamed one outwards, of the worst sites.
// By "file:line"; at most 600.
std::map<std::string, SourceExcerpt> ReadExcerpts(const Analysis& analysis,
                                                  const std::string& sysroot);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_EXCERPTS_H_

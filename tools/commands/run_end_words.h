// SPDX-License-Identifier: Apache-2.0
//
// What the user is told of a run at its end, on standard error: a few lines, however many processes
// there were.
#ifndef LEAKTRACK_TOOLS_COMMANDS_RUN_END_WORDS_H_
#define LEAKTRACK_TOOLS_COMMANDS_RUN_END_WORDS_H_

#include <set>
#include <string>

#include "tools/commands/child.h"
#include "tools/commands/run_end.h"

namespace leaktrack {

// One line.
void Say(const std::string& text);

// A recorder that is gone was removed by its owner, who wrote the end of the run before; or by
// somebody else.
void TellOfLostEnds(const std::set<std::string>& captures);

// Where the captures are; at most two lines besides one of a place that was moved or removed.
void TellOfCaptures(const CapturePlace& place, const std::set<std::string>& fresh,
                    const ChildEnd& end);

// Which of the dead the kernel's OOM killer ended, and by whose limit.
void TellOfOomKills(const std::set<std::string>& fresh);

// Programs of this tree that ran untracked, and why.
void TellOfUntracked(const std::set<std::string>& fresh, const ChildEnd& end);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_RUN_END_WORDS_H_

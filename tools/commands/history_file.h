// SPDX-License-Identifier: Apache-2.0
//
// Where the memory of earlier runs lies (plateaus.h): one small text file, "plateaus", in a
// directory of the user's.
//
// Promises: never the reason why a report fails. What cannot be read is empty, what cannot be
// written is left out: a home that is read-only, missing, full or somebody else's makes no
// difference but that nothing is remembered. Readers see the old file or the new one, never half of
// one; of two writers at once the later may undo the earlier.
#ifndef LEAKTRACK_TOOLS_COMMANDS_HISTORY_FILE_H_
#define LEAKTRACK_TOOLS_COMMANDS_HISTORY_FILE_H_

#include <string>

#include "tools/analysis/plateaus.h"

namespace leaktrack {

// $XDG_STATE_HOME/leaktrack, else $HOME/.local/state/leaktrack; empty where neither is an absolute
// path.
std::string DefaultHistoryDirectory();

struct HistoryPlace {
  std::string directory;  // empty: nothing is remembered
  bool named = false;     // by the user, who may reach it through links and share it with others
};

// `named` empty: the user's state directory, if nobody else has a hand in it (private_directory.h).
HistoryPlace HistoryAt(const std::string& named);

PlateauBook ReadHistory(const HistoryPlace& place);

// Adds to what is there. False: it could not be written.
bool AddToHistory(const HistoryPlace& place, const PlateauBook& learned);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_HISTORY_FILE_H_

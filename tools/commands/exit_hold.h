// SPDX-License-Identifier: Apache-2.0
//
// Waits for the processes of a run that ask to be looked at before they end, looks at each, and
// writes what memory says beside its capture.
//
// What: the other side of libtrack/runtime/exit_holder.h. The processes find us by the name in
// LEAKTRACK_HOLD, which is set while the object lives.
// Promises: one look at a time, on a thread of its own. A process is let go as soon as its memory
// was read, and in any case when this object or we end.
//
// Thread-safety: none; from the main thread.
#ifndef LEAKTRACK_TOOLS_COMMANDS_EXIT_HOLD_H_
#define LEAKTRACK_TOOLS_COMMANDS_EXIT_HOLD_H_

#include <string>
#include <thread>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

class ExitHold {
 public:
  // `directory`: of the captures.
  ExitHold(const std::string& directory, const SymbolizerOptions& symbols);
  ~ExitHold();
  ExitHold(const ExitHold&) = delete;
  ExitHold& operator=(const ExitHold&) = delete;

  // Below another gate nobody is held for us, nor for that one. True, and says so once, if we are.
  static bool IsNested();

 private:
  void Serve();
  void Answer(int connection);

  const std::string directory_;
  const SymbolizerOptions symbols_;
  int listener_ = -1, stop_read_ = -1, stop_write_ = -1;
  std::thread thread_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_EXIT_HOLD_H_

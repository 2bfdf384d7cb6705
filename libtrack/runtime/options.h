// SPDX-License-Identifier: Apache-2.0
//
// What the environment asks of the library: the LEAKTRACK_* variables, read once at the start.
//
//   LEAKTRACK_OUT       directory for the capture (default: the current directory)
//   LEAKTRACK_INTERVAL  auto (default), exact, or a size: 16KiB, 512KiB, 1MiB, 4096
//   LEAKTRACK_UNWINDER  cfi (default) or libunwind
//   LEAKTRACK_THREAD    1 (default) or 0: no drainer thread
//   LEAKTRACK_CHILDREN  all (default), none, or a pattern with * and ?: which processes below the
//                       first one of a tree are recorded, by the names of their programs
//   LEAKTRACK_BIRTH     late (default) or early: when processes below the first one start their
//   runs LEAKTRACK_RUN       the process number of `leaktrack run`, which sets it
//   LEAKTRACK_HOLD      where the process asks to be looked at before it ends (`leaktrack gate`
//                       sets it; exit_holder.h)
//
// Promises: an unknown or unreadable value never stops the program. The default is used, and
// `problem` holds one line that names the variable and the remedy. The environment is never
// changed.
//
// Thread-safety: none.
// Allocates: never.
// Signals: unsafe (start-up only).
// Fork: options are inherited.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_OPTIONS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_OPTIONS_H_

#include <cstdint>
#include <string_view>

namespace leaktrack::track {

inline constexpr uint64_t kAutoInterval = 0;
inline constexpr uint64_t kExactInterval = 1;

struct Options {
  char out_directory[896] = {};  // empty: the current directory
  uint64_t interval_bytes = kAutoInterval;
  bool use_libunwind = false;
  bool use_thread = true;
  char children[64] = {};          // empty: all
  char hold_address[100] = {};     // empty: the process is not held at its exit
  bool born_early = false;         // also below the first process of a tree
  uint64_t run_pid = 0;            // of `leaktrack run`; 0: it is not there
  bool share_descriptors = false;  // drainer.h; never from the environment
  bool keeps_modules = false;      // the module map is bound already; never from the environment
  uint64_t begun_ms_ago = 0;       // the run counts from then; never from the environment
  char problem[256] = {};          // empty: no problem
};

// `environment` is an environ-style array; may be nullptr.
Options ReadOptions(const char* const* environment);

// "512KiB", "1MiB", "2GiB", "1TiB", "4096", "4096B" -> bytes. 0 if the text is none of these, or
// more than 64 bits hold.
uint64_t ParseSize(std::string_view text);

// True if `name` matches `pattern`, in which * stands for any text and ? for any character.
bool MatchesPattern(std::string_view name, std::string_view pattern);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_OPTIONS_H_

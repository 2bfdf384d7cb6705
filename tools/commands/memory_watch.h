// SPDX-License-Identifier: Apache-2.0
//
// Looks at the memory of the processes of a run while they run, so that a report knows who holds
// what they keep, and what nobody does; also when they were killed.
//
// What: a thread that looks at each process 3 and 10 s after its first allocation was seen, then no
// sooner than 300 times what the last look cost: .3 % of a core. From the second look on what was
// seen is kept beside the capture (witness/memory_file.h).
// Promises: the processes are not stopped; the thread has the lowest priority, and does not look
// where memory is scarce: at a process that is much larger than what is left below its limit.
// Limits: the first kMostWatched processes of a run, in our own pid namespace.
//
// Thread-safety: none; from the main thread.
#ifndef LEAKTRACK_TOOLS_COMMANDS_MEMORY_WATCH_H_
#define LEAKTRACK_TOOLS_COMMANDS_MEMORY_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "tools/symbolize/symbolizer.h"
#include "tools/witness/site_memory.h"
#include "tools/witness/site_watch.h"

namespace leaktrack {

inline constexpr size_t kMostWatched = 8;

class MemoryWatch {
 public:
  // `directory`: of the captures.
  explicit MemoryWatch(const std::string& directory);
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

 private:
  struct Watched {
    std::string capture_path;
    pid_t pid = 0;
    std::unique_ptr<witness::SiteWatch> watch;
    double first_seen = 0, due = 0;  // seconds of a clock that only goes forward
    bool gone = false;
  };

  void Serve();
  void FindNew(double now);
  void LookAt(Watched& one, double now);

  const std::string directory_;
  int stop_read_ = -1, stop_write_ = -1;
  std::map<uint64_t, Watched> watched_;  // by run id
  std::thread thread_;
};

// Two looks, a second apart, at a process that nobody watches. Empty: it may not be looked at, or
// is too large to wait for.
std::optional<witness::RunMemory> LookTwice(pid_t pid, uint64_t run_id,
                                            const SymbolizerOptions& symbols);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_MEMORY_WATCH_H_

// SPDX-License-Identifier: Apache-2.0
//
// One line about an operation that takes long.
//
// What: after the first second, "reading captures: 312 of 10,000, 12s" on standard error, four
// times a second. The line disappears at the end.
// Why a thread of its own: reading the symbols of one big program takes seconds without a chance
// for a call.
// Promises: writes only to a terminal that can erase a line, and only in the foreground, because a
// background job would be stopped. Never wider than the terminal. Names are made safe to print.
// The destructor erases the line before it returns: destroy it before any other output.
//
// Thread-safety: none, beside its own thread. Fork: not while one lives.
#ifndef LEAKTRACK_TOOLS_BASE_PROGRESS_H_
#define LEAKTRACK_TOOLS_BASE_PROGRESS_H_

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace leaktrack {

class Progress {
 public:
  // `what`: "reading captures". `quiet_for`: the time before the first line.
  explicit Progress(std::string what, int fd = STDERR_FILENO,
                    std::chrono::milliseconds quiet_for = std::chrono::seconds(1));
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Step `number` of `all` begins. Cheap. If `all` is 0 or 1, nothing is counted.
  void Step(uint64_t number, uint64_t all);

 private:
  void Run(std::chrono::milliseconds quiet_for);
  void Draw();

  const std::string what_;
  const int fd_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable over_changed_;
  bool over_ = false, drawn_ = false;
  uint64_t number_ = 0, all_ = 0;
  std::thread thread_;  // only at a terminal
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_PROGRESS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Runs a program through the real library: tracker, recorder image, history writer, decoder.
//
// The program's blocks are born and die in the order of time, through Tracker. Cells, live table,
// kept rings and thinning are the library's own, and the analyzer gets what is decoded from the
// bytes that HistoryWriter wrote. So it sees nothing that a tracked process would not have left.
// To be cheap, it writes an epoch every 64 s while the end is far, and every 8 s and every second
// near the end (all rings would have dropped the finer ones). It also writes one whenever kept
// deaths could not wait.
// Limits: one thread; times in whole milliseconds, as in the library.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_TRACKED_RUN_H_
#define LEAKTRACK_BENCH_VERDICTS_TRACKED_RUN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "bench/verdicts/names.h"
#include "bench/verdicts/program.h"
#include "bench/verdicts/random.h"
#include "libtrack/capture/capture.h"

namespace leaktrack::verdicts {

class TrackedRun {
 public:
  TrackedRun(const Program& program, uint64_t seed);
  ~TrackedRun();
  TrackedRun(const TrackedRun&) = delete;
  TrackedRun& operator=(const TrackedRun&) = delete;

  void AdvanceTo(double ms);
  capture::Capture Look();    // what a report on the running process would read
  capture::Capture Finish();  // what the process leaves when it exits
  std::vector<uint8_t> FinishBytes();

  Names& names() { return names_; }
  // Maps a site of a capture to the site of the program.
  uint32_t ProgramSite(capture::SiteId site) const { return program_sites_.at(site); }

 private:
  struct Library;
  struct Event {
    double at_ms;
    uint32_t block;
    bool is_death;
  };

  void OrderEvents();
  void Step(const Event& event);
  void Bear(uint32_t block, uint64_t now_ms);
  void Bury(uint32_t block, uint64_t now_ms);
  void WriteEpochs(double until_ms);
  void WriteEpoch(uint64_t now_ms, bool final);

  const Program& program_;
  Random random_;
  Names names_;
  std::unique_ptr<Library> library_;
  std::vector<capture::SiteId> sites_;
  std::unordered_map<capture::SiteId, uint32_t> program_sites_;
  std::vector<Event> events_;
  std::vector<bool> replaced_;  // blocks whose death is the birth of their successor
  size_t next_event_ = 0;
  double next_epoch_ms_ = 1000;
};

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_TRACKED_RUN_H_

// SPDX-License-Identifier: Apache-2.0
//
// A synthetic run of many busy sites: SITES stacks of 24 frames in a module that does not exist.
// Half of the sites allocate on request. Their blocks live up to 100 s, and one block in fifty
// stays. The real writer writes it from a handmade recorder.
#ifndef LEAKTRACK_BENCH_REPORT_FULL_RUN_H_
#define LEAKTRACK_BENCH_REPORT_FULL_RUN_H_

#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include "tests/capture/run_fixture.h"

namespace leaktrack::testing {

class FullRun {
 public:
  explicit FullRun(uint32_t sites) : run_(SizesFor(sites)) {
    const uint32_t app = run_.recorder.AddModule("/usr/bin/app", "\x01\x02");
    run_.recorder.AddHook("malloc", capture::HookState::kActive);
    for (uint32_t i = 0; i < sites; ++i) {
      std::vector<capture::Frame> frames;
      for (uint32_t f = 0; f < 24; ++f)
        frames.push_back(capture::MakeFrame(app, 0x1000 + 64 * (f < 12 ? random_() % 40'000 : f)));
      sites_.push_back(run_.recorder.AddStack(frames));
    }
    if (!run_.Create("")) abort();
  }

  // Half of the sites allocate.
  void Allocate(uint64_t now_ms) {
    for (size_t i = 0; i < sites_.size() / 2; ++i) {
      const capture::SiteId site = sites_[random_() % sites_.size()];
      const uint64_t size = 8 + random_() % 5000;
      run_.recorder.Birth(site, size, 16'384, 1 + random_() % 3);
      if (random_() % 50 == 0) {
        run_.recorder.SetLive(static_cast<uint32_t>(random_() % kSlots),
                              {site, size, 16'384, now_ms});
      } else {
        run_.recorder.Death(site, random_() % 100'000, size, 16'384);
      }
    }
  }

  // Writes what has changed since the last epoch. False: the file is full.
  bool Epoch(uint64_t now_ms) { return run_.Epoch(end_ms_ = now_ms); }

  const std::vector<uint8_t>& Finish() {
    run_.recorder.header()->state = static_cast<uint32_t>(capture::RunState::kExited);
    run_.recorder.header()->end_ms = end_ms_;
    run_.Epoch(end_ms_ + 1, capture::EpochKind::kFinal);
    return run_.file.bytes();
  }

  uint64_t end_ms() const { return end_ms_; }

 private:
  static constexpr uint32_t kSlots = 1 << 17;

  static RecorderSizes SizesFor(uint32_t sites) {
    RecorderSizes sizes;
    sizes.cells = 48 * sites;
    sizes.live_slots = kSlots;
    sizes.arena_bytes = 512 * sites;
    return sizes;
  }

  TestRun run_;
  std::mt19937 random_{1};
  std::vector<capture::SiteId> sites_;
  uint64_t end_ms_ = 0;
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_BENCH_REPORT_FULL_RUN_H_

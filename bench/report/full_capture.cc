// SPDX-License-Identifier: Apache-2.0
//
// Writes a large capture: full_capture FILE [SITES [DAYS]]. time.sh times `leaktrack report` on it.
//
// What: SITES (10,000) stacks of 24 frames in a module that is not there, and DAYS (2) in which a half of them allocate before every
// look, to live up to 100 s. Written by the real writer from a recorder made by hand.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>

#include "tests/capture/run_fixture.h"

namespace leaktrack::testing {
namespace {

constexpr uint32_t kSlots = 1 << 17;
constexpr uint64_t kDayMs = 86'400'000;

RecorderSizes Sizes(uint32_t sites) {
  RecorderSizes sizes;
  sizes.cells = 48 * sites;
  sizes.live_slots = kSlots;
  sizes.arena_bytes = 512 * sites;
  return sizes;
}

class FullRun {
 public:
  explicit FullRun(uint32_t sites) : run_(Sizes(sites)) {
    const uint32_t app = run_.recorder.AddModule("/usr/bin/app", "\x01\x02");
    run_.recorder.AddHook("malloc", capture::HookState::kActive);
    for (uint32_t i = 0; i < sites; ++i) {
      std::vector<capture::Frame> frames;
      for (uint32_t f = 0; f < 24; ++f) frames.push_back(capture::MakeFrame(app, 0x1000 + 64 * (f < 12 ? random_() % 40'000 : f)));
      sites_.push_back(run_.recorder.AddStack(frames));
    }
    if (!run_.Create("")) abort();
  }

  const std::vector<uint8_t>& Write(uint64_t until_ms) {
    uint64_t& now_ms = end_ms_;
    for (uint64_t step_ms = 1000; now_ms < until_ms; now_ms += step_ms) {
      if (now_ms > 600'000) step_ms = 64'000;
      Allocate(now_ms + step_ms);
      if (!run_.Epoch(now_ms + step_ms)) break;  // full
    }
    run_.recorder.header()->state = static_cast<uint32_t>(capture::RunState::kExited);
    run_.recorder.header()->end_ms = now_ms;
    run_.Epoch(now_ms + 1, capture::EpochKind::kFinal);
    return run_.file.bytes();
  }

  double hours() const { return static_cast<double>(end_ms_) / 3.6e6; }

 private:
  void Allocate(uint64_t now_ms) {
    for (size_t i = 0; i < sites_.size() / 2; ++i) {
      const capture::SiteId site = sites_[random_() % sites_.size()];
      const uint64_t size = 8 + random_() % 5000;
      run_.recorder.Birth(site, size, 16'384, 1 + random_() % 3);
      if (random_() % 50 == 0) {
        run_.recorder.SetLive(static_cast<uint32_t>(random_() % kSlots), {site, size, 16'384, now_ms});
      } else {
        run_.recorder.Death(site, random_() % 100'000, size, 16'384);
      }
    }
  }

  TestRun run_;
  std::mt19937 random_{1};
  std::vector<capture::SiteId> sites_;
  uint64_t end_ms_ = 0;
};

}  // namespace
}  // namespace leaktrack::testing

int main(int argc, char** argv) {
  const auto sites = static_cast<uint32_t>(argc > 2 ? atoi(argv[2]) : 10'000);
  const auto days = static_cast<uint64_t>(argc > 3 ? atoi(argv[3]) : 2);
  if (argc < 2 || sites == 0 || days == 0) {
    std::cerr << "usage: full_capture FILE [SITES [DAYS]]\n";
    return 2;
  }
  leaktrack::testing::FullRun run(sites);
  const std::vector<uint8_t>& bytes = run.Write(days * leaktrack::testing::kDayMs);
  std::ofstream(argv[1], std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  std::cout << bytes.size() << " bytes, " << run.hours() << " hours, " << sites << " sites\n";
}

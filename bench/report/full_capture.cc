// SPDX-License-Identifier: Apache-2.0
//
// Writes a large capture: full_capture FILE [SITES [DAYS]]. By default 10,000 sites (full_run.h)
// that allocate before every epoch of 2 days. time.sh times `leaktrack report` on it.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <vector>

#include "bench/report/full_run.h"

namespace {

constexpr uint64_t kDayMs = 86'400'000;

const std::vector<uint8_t>& Write(leaktrack::testing::FullRun& run, uint64_t until_ms) {
  uint64_t step_ms = 1000;
  for (uint64_t now_ms = 0; now_ms < until_ms;) {
    if (now_ms > 600'000) step_ms = 64'000;
    run.Allocate(now_ms += step_ms);
    if (!run.Epoch(now_ms)) break;
  }
  return run.Finish();
}

}  // namespace

int main(int argc, char** argv) {
  const auto sites = static_cast<uint32_t>(argc > 2 ? atoi(argv[2]) : 10'000);
  const auto days = static_cast<uint64_t>(argc > 3 ? atoi(argv[3]) : 2);
  if (argc < 2 || sites == 0 || days == 0) {
    std::cerr << "usage: full_capture FILE [SITES [DAYS]]\n";
    return 2;
  }
  leaktrack::testing::FullRun run(sites);
  const std::vector<uint8_t>& bytes = Write(run, days * kDayMs);
  std::ofstream(argv[1], std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  std::cout << bytes.size() << " bytes, " << static_cast<double>(run.end_ms()) / 3.6e6 << " hours, "
            << sites << " sites\n";
}

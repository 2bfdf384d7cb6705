// SPDX-License-Identifier: Apache-2.0
//
// The cost of an analysis: time and peak memory of a process that decodes a large capture, judges
// it, and ends.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_COST_H_
#define LEAKTRACK_BENCH_VERDICTS_COST_H_

#include <cstdint>
#include <string>

namespace leaktrack::verdicts {

struct Cost {
  uint64_t sites = 0, samples = 0, survivors = 0, file_bytes = 0;
  double cpu_seconds = 0;   // of the child, decoding included
  uint64_t peak_bytes = 0;  // resident
};

// Runs this program again, with --analyze, on a capture of `sites` sites. `samples` is the number
// before the library raises its interval, which leaves about half.
Cost MeasureCost(uint32_t sites, uint64_t samples);
std::string AsText(const Cost& cost);

// The child's part. Returns its exit code.
int AnalyzeOnly(const std::string& path);

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_COST_H_

// SPDX-License-Identifier: Apache-2.0
//
// Compares an analysis with the truth, and sums up the results.
//
// Words: a leak is *found* if an entry that is suspect or leak holds one of its sites, *named* if
// one does that grows more than chance explains. An entry is a *false leak* if its verdict is leak
// and none of its sites leaks; if one of them is hard (population.h), it is counted apart. T is the
// interval in force at the end of the run.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_SCORE_H_
#define LEAKTRACK_BENCH_VERDICTS_SCORE_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/verdicts/program.h"
#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"

namespace leaktrack::verdicts {

inline constexpr std::array<double, 6> kRecallFrom = {8,  16,  32,
                                                      64, 128, 1e18};  // leaked bytes over T

struct Share {
  double part = 0, all = 0;
  void Add(bool yes) { part += yes, all += 1; }
  double value() const { return all > 0 ? part / all : 0; }
};

struct Score {
  int programs = 0;
  double site_windows = 0;                                 // decidable sites that do not leak
  double true_leaks = 0, false_leaks = 0, hard_leaks = 0;  // entries with verdict leak
  double true_suspects = 0, false_suspects = 0, hard_suspects = 0;  // entries with verdict suspect
  std::array<Share, 5> recall{};
  Share recall_16, recall_64;
  Share leak_recall_64;     // with verdict leak, from 64 T
  Share named_64;           // more than chance explains, whatever the probability, from 64 T
  Share first, first_five;  // P@1, P@5, among entries that are not hard
  Share first_with_hard, first_five_with_hard;
  double reciprocal_rank = 0;
  std::map<std::string, std::map<std::string, int>> confusion;  // kind -> trend -> entries
  Share class_of_leaks, best_class_of_leaks, class_of_others;
  std::vector<double> rate_errors;  // of steady leaks found, relative
  Share rate_covered;               // truth inside the 90 % interval
  Share blamed_first, blamed_in_three;
  // Kind -> false entries that are decidable; "kind (suspect)" for those with verdict suspect.
  std::map<std::string, int> accused;
  std::map<std::string, Share> found;  // kind -> leaks from 32 T found
  double seconds = 0;                  // of analysis

  void Add(const Score& other);
};

struct Truth {
  const Program& program;
  std::vector<std::vector<uint32_t>> sites_of_result;  // by entry: program sites
  double interval = 1;
};

Score Hold(const Truth& truth, const Analysis& analysis);

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_SCORE_H_

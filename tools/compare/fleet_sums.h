// SPDX-License-Identifier: Apache-2.0
//
// Many runs of many programs, reduced to sums as they come.
//
// What: each run is judged by itself, and leaves only figures per site. A site is found again in
// the next run by its names (site_key.h).
// Why not one big capture: the tests look at births and deaths by the clock of one life of one
// process. Runs that began at different times have no common clock. Their verdicts and rates can
// be counted and summed, their histories cannot.
// Promises: memory grows with the number of different sites, never with the number of runs. Beyond
// kMostKeyBytes of names, the least telling sites (never accused, then slow, then small) are
// dropped and counted, and the sum of their figures is kept. A run that comes twice counts once.
// Limits: if a run gives the same leak another name (another wrapper learned, other inlining), it
// counts as another site. Errors of different runs are added as independent.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_COMPARE_FLEET_SUMS_H_
#define LEAKTRACK_TOOLS_COMPARE_FLEET_SUMS_H_

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

// A sum of rates, each with a 90 % interval.
struct RateSum {
  double mid = 0, below_squared = 0, above_squared = 0;
  void Add(const Rate& rate);
  void Add(const RateSum& other);
  Rate Get() const;
};

struct SiteSum {
  ResolvedFrame blame;  // from the first run that showed it
  capture::SiteKind kind = capture::SiteKind::kHeap;
  uint64_t runs = 0;                   // runs in which it appeared
  std::array<uint64_t, 4> verdicts{};  // runs by their worst verdict, indexed by Verdict
  double live_bytes = 0, live_objects = 0, born_bytes = 0;
  RateSum growth;                     // of the runs in which its verdict is leak or suspect
  double fastest_bytes_per_hour = 0;  // the largest rate of all runs
  std::string fastest_path;
  uint64_t accused() const {
    return verdicts[static_cast<size_t>(Verdict::kSuspect)] +
           verdicts[static_cast<size_t>(Verdict::kLeak)];
  }
};

struct ProgramSum {
  static constexpr size_t kMostRoles = 32;
  uint64_t runs = 0;
  std::map<std::string, uint64_t>
      roles;  // runs by their role in the program (process_role.h); beyond kMostRoles "others"
  std::set<std::string> hosts;                       // only the first kMostHosts
  std::array<uint64_t, kConclusions> conclusions{};  // indexed by Conclusion
  double watched_seconds = 0, longest_seconds = 0;
  double live_bytes = 0;
  double most_rss_bytes = 0;
  RateSum growth;  // of the accused sites of all runs
  Status worst = Status::kOk;
  std::map<std::string, SiteSum> sites;  // by KeyText, mappings separate
  uint64_t sites_given_up = 0;
  double live_bytes_given_up = 0;
};

// Name of the executable (of argv[0] if that is unknown), and build-id ("" if it has none).
using ProgramVersion = std::pair<std::string, std::string>;

class FleetSums {
 public:
  static constexpr size_t kMostHosts = 10'000;
  static constexpr size_t kMostKeyBytes = size_t{64} << 20;
  explicit FleetSums(size_t most_key_bytes = kMostKeyBytes) : most_key_bytes_(most_key_bytes) {}

  // False: this run was added before.
  bool Add(const capture::Capture& capture, const Analysis& analysis);

  // As for a directory (FleetConclusion): found if any run is. Otherwise the conclusion of the
  // longest run, unless a run has lost data.
  Conclusion conclusion() const;

  const std::map<ProgramVersion, ProgramSum>& programs() const { return programs_; }
  uint64_t runs() const { return runs_; }

 private:
  void AddSite(const std::string& key, const SiteSum& site, ProgramSum& program);
  void GiveUpHalf();

  const size_t most_key_bytes_;
  size_t key_bytes_ = 0;
  std::map<ProgramVersion, ProgramSum> programs_;
  std::unordered_set<uint64_t> seen_;  // run ids
  uint64_t runs_ = 0;
  Conclusion of_longest_ = Conclusion::kTooShort;
  double longest_seconds_ = -1;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_FLEET_SUMS_H_

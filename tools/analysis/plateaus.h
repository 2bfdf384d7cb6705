// SPDX-License-Identifier: Apache-2.0
//
// What earlier runs of the same build have taught: sites that looked like leaks and stopped
// growing.
//
// What: a site that was retracted, or has plateaued, is remembered by the build-id of the module
// that holds the blamed function and the names of the functions from there outwards, with its level
// and the time it took. A later run whose site is not above that level is held at `watch`, and its
// evidence says why: the cache is filling again. Why by build-id: another build may have another
// bug; it starts with an empty memory.
//
// The book is text, one plateau a line, so that it can be read, edited, merged and shipped:
//   # leaktrack plateaus 1
//   BUILD_ID STACK_KEY LEVEL_BYTES SECONDS LAST_SEEN_UNIX NAME
// Promises: lines that are not understood are skipped; at most kMostPlateaus are kept, those seen
// last; of two about one place the higher level and the longer time stand. Nothing here touches a
// file.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PLATEAUS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PLATEAUS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

struct RememberedPlateau {
  double bytes = 0;
  double seconds = 0;     // from the start of the run until it stopped growing
  int64_t last_seen = 0;  // Unix time
  std::string name;       // for people; not compared
};

class PlateauBook {
 public:
  static constexpr size_t kMostPlateaus = 512;

  static PlateauBook Parse(std::string_view text);
  std::string Text() const;

  void Merge(const PlateauBook& other);

  // Enters the sites of an analysis that have stopped growing; `now`: Unix time. Returns how many.
  size_t Learn(const Analysis& analysis, int64_t now);

  // Null: nothing is known of this site.
  const RememberedPlateau* Find(const SiteResult& site) const;

  bool empty() const { return plateaus_.empty(); }
  size_t size() const { return plateaus_.size(); }

 private:
  using Key = std::pair<std::string, uint64_t>;  // build-id, functions

  static bool KeyOf(const SiteResult& site, Key* key);
  void Enter(const Key& key, const RememberedPlateau& plateau);
  void Forget();

  std::map<Key, RememberedPlateau> plateaus_;
};

// Accused sites that are at or below a remembered level become `watch`.
void HoldAtPlateaus(const PlateauBook& book, std::vector<SiteResult>& sites);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PLATEAUS_H_

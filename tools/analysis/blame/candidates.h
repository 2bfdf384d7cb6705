// SPDX-License-Identifier: Apache-2.0
//
// What is put before the judge: sites with names, and sums of sites that share their inner frames.
//
// Why sums: a 20 MB/h leak that comes in by thirty call paths is found at none of them and always
// at the function they share. Why after the single sites: an accused site needs no help, and must
// not drag its innocent neighbours along.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_CANDIDATES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_CANDIDATES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/analysis/blame/own_code.h"
#include "tools/analysis/history/site_history.h"
#include "tools/analysis/model/result.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

// What is alive at the end of the run, whatever moment of it is judged.
struct Live {
  double bytes = 0, variance = 0, objects = 0;
  double first_birth_ms = kAlive;  // of the oldest; infinite: nothing is alive
  double born_bytes = 0;
};

struct Candidate {
  SiteHistory history;  // as of the moment that is judged
  Live live;
  CallStack stack;  // leaf first
  std::shared_ptr<const std::vector<uint32_t>>
      functions;  // by number of a frame (CallStack): its function's place among all by name
  size_t blame = 0;
  bool truncated = false;
  bool merged = false;  // several different stacks; `stack` is what they share, and who owns it
  size_t shared = 0;    // of merged ones: how many inner frames they share
};

// Every site, symbolised; sites that read the same (same functions and lines) are one. `histories`
// are of the whole run; those handed out end at `judged_ms`.
std::vector<Candidate> NamedSites(const capture::Capture& capture,
                                  std::map<capture::SiteId, SiteHistory> histories,
                                  double judged_ms, const OwnCode& own, Symbolizer& symbolizer);

// Chooses anew the frame to blame of each, after learning from all of them what this program's
// wrappers are. `patterns` name further ones.
void AssignBlame(std::vector<Candidate>& candidates, const Window& window, const OwnCode& own,
                 const std::vector<std::string>& patterns);

// What the innermost `depth` frames from the blamed one outwards are called, and the kind of site:
// the key by which sites of one capture are merged, ordered as the names are. Empty if the stack is
// shorter.
std::vector<uint32_t> SuffixKey(const Candidate& candidate, size_t depth);

// The sum of at least one candidate, named by the innermost `depth` frames from the blame outwards.
Candidate Merge(const std::vector<const Candidate*>& members, size_t depth);

// Points a sum at the function that nine tenths of what grew were made under, and hardly any of
// what the healthy users of its blamed function made: the owner, where the sum shows only an
// allocator of the program's own. Left as it is where there are no healthy users, or no such
// function. `grown` are its members, `others` call the blamed function too; what they keep counts
// from `from_ms` on.
void PointAtOwner(const std::vector<const Candidate*>& grown,
                  const std::vector<const Candidate*>& others, double from_ms, Candidate& sum);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_CANDIDATES_H_

// SPDX-License-Identifier: Apache-2.0
//
// Why a site has its verdict, and what would decide: figures and enumerations, no words.
//
// What: everything that a sentence about a site needs beside the site's own figures (result.h).
// Why: a report says it in a sentence, a page in a tooltip, JSON in a value; each of them takes the
// words from tools/report/words, none takes a sentence apart.
// Promises: nothing in here that was not tested. Times are since the start of the run, also where
// only its last part was judged.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_EVIDENCE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_EVIDENCE_H_

#include <cstdint>
#include <optional>

namespace leaktrack {

// What of a site was found to grow; judge.h says how.
enum class Channel : uint8_t { kNone, kImmortals, kContainer, kBacklog, kSteps };

// One block that has grown in steps; or an arena, whose blocks stay while the next one is larger.
struct ContainerFacts {
  int steps = 0;
  double bytes = 0;        // of the block now, or of all blocks of the arena
  double arena_ratio = 0;  // of one block to the one before; 0: no arena
};

// Bursts of much the same size, of which nothing is given back.
struct StepFacts {
  int count = 0;
  double bytes = 0;          // of one, the median
  double seconds_apart = 0;  // the same
};

// How long blocks lived at first, and lately.
struct BacklogFacts {
  double early_life_seconds = 0;
  double late_life_seconds = 0;
};

// Where a site stopped growing.
struct Plateau {
  double bytes = 0;
  double after_seconds = 0;  // since the start of the run
};

struct Evidence {
  Channel channel = Channel::kNone;
  bool exact = false;  // every block was recorded; else the counts below are of samples
  int born_alive = 0;  // blocks born after the start-up that live on
  int alive = 0;       // all blocks that live on
  double size_from = 0, size_to = 0;  // above 0: only blocks of these sizes were judged
  double old_age_seconds = 0;         // from this age on a block counts as old
  uint64_t old_deaths = 0;            // old blocks that died
  double residence_seconds = 0;       // above 0: old blocks die at about this age
  double period_seconds = 0;          // above 0: the level repeats itself
  double tooth_bytes = 0;             // of a sawtooth
  bool per_work = false;              // growth is steady by the work done, rather than by the clock
  double since_seconds = 0;           // from here on growth was measured
  std::optional<ContainerFacts> container;
  std::optional<BacklogFacts> backlog;
  std::optional<StepFacts> steps;
  std::optional<Plateau> earlier_run;  // of this build; for that the site was held at `watch`
};

// What would decide about a site.
enum class Settles : uint8_t {
  kNothing,          // it is decided
  kQuietStart,       // that fewer places grow at once: the program may be warming up
  kConfirmingRun,    // the same again over `seconds`
  kLongerThanCache,  // a run twice as long: a cache that fills slows down
  kRunOfSeconds,     // growth that goes on for `seconds`
  kMoreBlocks,       // enough of them: a run of `seconds`, or more samples
  kAboveBytes        // growth beyond `bytes`, where an earlier run stopped
};

struct Settle {
  Settles by = Settles::kNothing;
  double seconds = 0;
  double bytes = 0;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_EVIDENCE_H_

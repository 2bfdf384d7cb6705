// SPDX-License-Identifier: Apache-2.0
//
// The answer: what the analyzer says about a run, as plain data, ready to be printed in any format.
//
// What: verdicts per site with their evidence, the process account, and what could not be seen. Why
// apart from the code that computes it: reports depend on this header alone. Promises: no words,
// those of all formats are in tools/report/words; a std::optional is empty where a thing is not
// known, never 0 for "don't know"; all intervals are 90 %. No report changes an Analysis.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_RESULT_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtrack/capture/allocators.h"
#include "libtrack/capture/capture.h"
#include "tools/analysis/model/evidence.h"
#include "tools/analysis/model/leak_signs.h"
#include "tools/symbolize/call_stack.h"
#include "tools/witness/witness.h"

namespace leaktrack {

enum class Verdict : uint8_t { kNone, kWatch, kSuspect, kLeak };

enum class Trend : uint8_t {
  kInsufficient,
  kLinear,
  kAccelerating,
  kDecelerating,
  kPlateau,
  kStep,
  kStartup,
  kBounded,
  kChurn,
  kFlat,
  kContainer,
  kExponential,
  kSawtooth,
  kBacklog,
  kPeriodic
};

// Where a site stands after several looks at the same run (10 min, 20, 40, ... and its end):
// nothing new to say; accused, and it grew at an earlier look too and grows strictly; it grew at an
// earlier look and does no more.
enum class State : uint8_t { kNew, kConfirmed, kRetracted };

enum class Status : uint8_t { kOk, kWarning, kCritical, kOomImminent };

enum class MemoryClass : uint8_t { kUnknown, kSteady, kLeak, kRetention, kMappings, kUntouched };

enum class LimitKind : uint8_t { kNone, kCgroup, kRlimit, kMachine, kOption };

struct Rate {
  double mid = 0, low = 0, high = 0;
};

// Growth that is no chance.
inline bool Significant(const std::optional<Rate>& growth) { return growth && growth->low > 0; }

// A saw whose troughs rise: what stays after each tooth, and how tall a tooth is.
struct Sawtooth {
  double base_bytes_per_hour = 0;
  double tooth_bytes = 0;
};

// The log-linear birth rate of survivors that the forecast extrapolates: rate(t) = end_rate *
// exp(slope * (t - now)). Linear growth has slope 0 with error 0: a slope that is not significant
// would only blur the forecast.
struct GrowthModel {
  double end_bytes_per_hour = 0;
  double slope_per_hour = 0;
  double slope_error = 0;        // standard deviation
  double effective_samples = 0;  // blocks, after dispersion: the shape of the gamma law of the rate
  double seen_hours = 0;  // for so long the rise was seen, and no longer is it projected; 0: always
};

struct SiteResult {
  std::vector<capture::SiteId> sites;  // more than one: stacks joined into this entry
  capture::SiteKind kind = capture::SiteKind::kHeap;
  bool merged = false;  // `stack` is only the shared inner part of several different stacks
  bool truncated = false;
  CallStack stack;   // leaf first
  size_t blame = 0;  // index into `stack`; meaningless when it is empty

  Verdict verdict = Verdict::kNone;
  Trend trend = Trend::kInsufficient;
  double live_bytes = 0;
  double live_bytes_error = 0;  // half-width of the 90 % interval
  double live_objects = 0;
  double born_bytes = 0;          // all ever allocated here
  double grown_bytes = 0;         // by what its live bytes rose after the start-up; see
                                  // measured_growth.h
  std::optional<Rate> growth;     // bytes per hour; empty where blocks of this site do die
  std::optional<double> p_value;  // empty: too few blocks to test
  std::optional<double> q_value;
  State state = State::kNew;
  bool significant = false;  // it grows, and chance does not explain that; what it is, is open
  std::optional<double> leak_probability;    // 0 to 1; empty: not tested
  std::optional<double> decided_by_seconds;  // since the start: by then it is a suspect, or a leak,
                                             // if it goes on; empty: it is, or not within a month
  LeakSigns signs;                           // what the probability was made of
  std::optional<double>
      late_onset_seconds;  // since the start of the run; only of growth that began late
  std::optional<double> doubling_seconds;  // only of exponential growth
  std::optional<Sawtooth> sawtooth;
  std::optional<GrowthModel> model;    // of sites that grow
  std::optional<double> leaked_share;  // of the blocks born here, those that never die (0 to 1)
  std::optional<Plateau> plateau;      // only of retracted sites
  std::optional<double>
      lift;  // share of what lives on over share of all that was born; see caller_contrast.h
  uint32_t family = 0;  // above 0: sites of one family lose the parts of one thing; see families.h
  size_t part_frame = 0;  // of a family, index into `stack`: the function that made this part; the
                          // blamed one made all of them
  size_t shared_frames = 0;         // of a merged site, from the leaf: what all its stacks share
  std::optional<size_t> own_frame;  // index into `stack`: the innermost frame of the program's own
                                    // code from the blamed one outwards; empty: there is none
  bool freed_at_exit =
      false;  // judged as of the moment before the program tidied up; live figures are of the end
  std::optional<witness::Evidence> memory;  // what was seen in memory; empty: nobody looked
  bool lost = false;                        // by that it is a leak: nothing points to its blocks
  std::string lost_with;  // its blocks are lost, with the objects from there that held them
  double oldest_seconds = 0;
  Evidence evidence;  // why this verdict
  Settle settle;      // what would decide
};

// How likely the limit is reached within a time, if growth goes on.
struct LimitOdds {
  double seconds = 0;
  double probability = 0;
};

// Resident bytes that growth will have added, beside what is there now: more in nine draws of ten,
// in half, in one.
struct FanPoint {
  double seconds = 0;  // from the end of the run
  double low_bytes = 0, mid_bytes = 0, high_bytes = 0;
};

struct ProcessResult {
  std::optional<int64_t> limit_bytes;
  LimitKind limit_kind = LimitKind::kNone;
  std::optional<double> used_fraction;  // of the limit
  std::optional<double> headroom_bytes;
  Status status = Status::kOk;
  // To the limit: the time by which it is reached in 10, 50 and 90 of 100 draws (an 80 % interval);
  // empty: in more than the others never, or not known because nothing grows.
  std::optional<double> seconds_low, seconds_mid, seconds_high;
  // All processes of the cgroup that sets the limit, or of the run's own one.
  std::optional<int64_t> cgroup_used_bytes;
  std::optional<Rate> cgroup_growth;
  std::vector<LimitOdds> odds;  // empty: nothing grows
  std::vector<FanPoint> fan;    // by time, from 0 on; empty: nothing grows
};

// What would help. The words are in report/words/advice_words.h.
enum class AdviceKind : uint8_t {
  kPreloadFirst,  // an allocator stands before us: `name` is its file
  kPythonMalloc,  // CPython's own arenas hide who allocates
  kZendAlloc,     // PHP's do
  kGSlice,        // GLib's slices do
  kJvmTools,      // heaps that are managed have tools of their own
  kNodeTools,
  kGoTools,
  kLimitAboveMachine,  // the limit cannot be reached: `number` bytes is all the machine has
  kFewerArenas,        // `number`: how many there are; 0: not told
  kTrim,
  kFixedThresholds,
  kPinnedHeaps,
  kJemallocDecay,
  kJemallocArenas,
  kTcmallocRelease,
  kTcmallocCaches,
  kMimallocPurge,
  kReadSmaps,
  kOnlyReserved
};

struct Advice {
  AdviceKind kind = AdviceKind::kTrim;
  int64_t number = 0;
  std::string name;
  bool operator==(const Advice&) const = default;
};

// The parts of resident memory; see process/memory_parts.h.
enum class MemoryPartKind : uint8_t {
  kLiveHeap,  // as it was asked for
  kRounding,  // what the allocator adds to each block
  kRetained,  // freed, kept by the allocator
  kMappings,  // of sites that are known
  kRest,      // stacks, and mappings that are not known or were not touched
  kFiles,
  kShared
};

struct MemoryPart {
  MemoryPartKind kind = MemoryPartKind::kRest;
  double bytes = 0;
  std::optional<Rate> growth;
};

// Where most of the threads were started that live, or that have ended and wait to be joined.
struct ThreadStarter {
  capture::SiteId site = 0;
  double threads = 0;  // an estimate where blocks are sampled
};

struct MemoryResult {
  std::optional<int64_t> rss_bytes, stack_bytes;
  std::optional<int64_t> anonymous_bytes, file_bytes, shared_bytes, swap_bytes;
  std::optional<int64_t> threads;
  double live_heap_bytes = 0;
  double mapped_bytes = 0;  // address space: how much of it is resident is not known
  capture::Allocator allocator = capture::Allocator::kUnknown;
  std::optional<int64_t> allocator_in_use_bytes, allocator_free_bytes, allocator_arenas;
  std::optional<double>
      retained_bytes;  // freed, kept by the allocator, and at most what is resident beside the heap
  std::optional<double> explained_fraction;  // of the RSS; see AccountForMemory
  std::optional<double> unexplained_bytes;   // the rest of it
  std::optional<double>
      resident_per_live;  // resident bytes that come with one live byte; empty: the heap is flat
  // Bytes per hour, after the first quarter of the run; empty: too few readings, or not told.
  std::optional<Rate> rss_growth, heap_growth, retained_growth, mapped_growth, unexplained_growth;
  std::vector<MemoryPart> parts;          // they sum up to rss_bytes; empty: that is not known
  std::optional<double> untouched_bytes;  // of the heap, not resident: never written to, or swapped
  std::optional<Rate> untouched_growth;
  std::optional<Rate> threads_growth;           // threads per hour
  std::optional<ThreadStarter> thread_starter;  // empty: none was seen
  // Resident growth that goes on and belongs to no accused site, though neither the heap nor what
  // the allocator keeps is the reason; and the site of the mappings that it can lie in. Empty:
  // there is none, or none is known.
  std::optional<Rate> unplaced_growth;
  std::optional<capture::SiteId> nearest_site;
  MemoryClass memory_class = MemoryClass::kUnknown;
  std::vector<Advice> advice;  // what would help, the best first
};

// What was measured as one number over the run.
enum class GrowingSum : uint8_t { kResident, kHeap, kMappings };

// Growth that was measured, whatever is proven of any site; see process/measured_growth.h.
struct MeasuredGrowth {
  GrowingSum sum = GrowingSum::kResident;
  Rate rate;                // bytes per hour
  double bytes = 0;         // in the stretch that was judged
  double from_seconds = 0;  // since the start of the run: where that stretch begins
  bool goes_on = false;     // also in the later half of it
};

// kGrows: something does, more than chance explains and fast enough to matter; that it is a leak is
// not proven.
enum class Conclusion : uint8_t { kClean, kFound, kTooShort, kDataLost, kGrows };
inline constexpr size_t kConclusions = 5;

// Why a run that shows no growth does not show that there is none.
enum class Doubt : uint8_t {
  kNone,
  kDamaged,          // the capture is
  kEndMissing,       // the flight recorder is gone
  kEventsLost,       // `events` of them
  kBecameUntracked,  // after `seconds` it executed `path`, which ran without the tracker
  kRunTooShort,      // `seconds`
  kWindowTooShort,   // `seconds`, of a part of the run that was asked for
  kNothingSeen,      // no allocation at all
  kGrowthUnproven    // it grows: a leak, or a program that fills its caches
};

struct Doubts {
  Doubt doubt = Doubt::kNone;
  uint64_t events = 0;
  double seconds = 0;
  std::string path;
};

struct Analysis {
  double duration_seconds = 0;
  std::vector<SiteResult> sites;  // ranked: by verdict, then growth, then live bytes
  ProcessResult process;
  MemoryResult memory;
  std::optional<double> detectable_bytes_per_hour;
  std::optional<Rate> total_growth;  // of all sites that grow more than chance explains
  std::optional<MeasuredGrowth> measured_growth;  // empty: none beyond noise, or not measured
  std::optional<double> window_seconds;  // only the last so many were judged (--since); all other
                                         // times are of the whole run
  double judged_seconds =
      0;  // the length of run that was judged: shorter than `duration` if it tidied up
  bool warming_up = false;  // so many sites grow at once that nothing is confirmed yet
  Conclusion conclusion = Conclusion::kClean;
  Doubts doubts;  // of no growth; none where the run is conclusive
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_RESULT_H_

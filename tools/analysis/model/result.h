// SPDX-License-Identifier: Apache-2.0
//
// The answer: what the analyzer says about a run, as plain data, ready to be printed in any format.
//
// What: verdicts per site with their evidence, the process account, and what could not be seen. Why
// apart from the code that computes it: reports depend on this header alone. Promises: a
// std::optional is empty where a thing is not known, never 0 for "don't know"; all intervals are 90
// %.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_RESULT_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/leak_signs.h"
#include "tools/symbolize/call_stack.h"

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

// The names that JSON and text use.
const char* Name(Verdict verdict);
const char* Name(Trend trend);
const char* Name(State state);
const char* Name(Status status);
const char* Name(MemoryClass memory_class);

struct Rate {
  double mid = 0, low = 0, high = 0;
};

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
};

// Where a site that grew at an earlier look has stopped growing.
struct Plateau {
  double bytes = 0;
  double after_seconds = 0;  // since the start of the run
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
  size_t family_frame =
      0;  // index into `stack` of the function that all of the family were made under
  bool freed_at_exit =
      false;  // judged as of the moment before the program tidied up; live figures are of the end
  double oldest_seconds = 0;
  std::string evidence;  // one sentence: why this verdict
  std::string settle;    // one sentence: what would decide, empty when decided
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
  std::string limit_kind;               // cgroup, rlimit, machine or option; empty: no limit known
  std::optional<double> used_fraction;  // of the limit
  std::optional<double> headroom_bytes;
  Status status = Status::kOk;
  // To the limit: the time by which it is reached in 10, 50 and 90 of 100 draws (an 80 % interval);
  // empty: in more than the others never, or not known because nothing grows.
  std::optional<double> seconds_low, seconds_mid, seconds_high;
  std::vector<LimitOdds> odds;  // empty: nothing grows
  std::vector<FanPoint> fan;    // by time, from 0 on; empty: nothing grows
};

struct MemoryResult {
  std::optional<int64_t> rss_bytes, stack_bytes;
  std::optional<int64_t> anonymous_bytes, file_bytes, shared_bytes, swap_bytes;
  std::optional<int64_t> threads;
  double live_heap_bytes = 0;
  double mapped_bytes = 0;  // address space: how much of it is resident is not known
  std::string allocator;    // "glibc", "jemalloc", ...; empty: not known
  std::optional<int64_t> allocator_in_use_bytes, allocator_free_bytes, allocator_arenas;
  std::optional<double>
      retained_bytes;  // freed, kept by the allocator, and at most what is resident beside the heap
  std::optional<double> explained_fraction;  // of the RSS; see AccountForMemory
  std::optional<double> unexplained_bytes;   // the rest of it
  std::optional<double>
      resident_per_live;  // resident bytes that come with one live byte; empty: the heap is flat
  // Bytes per hour, after the first quarter of the run; empty: too few readings, or not told.
  std::optional<Rate> rss_growth, heap_growth, retained_growth, mapped_growth, unexplained_growth;
  // Resident growth that goes on and belongs to no accused site, though neither the heap nor what
  // the allocator keeps is the reason; and the site of the mappings that it can lie in. Empty:
  // there is none, or none is known.
  std::optional<Rate> unplaced_growth;
  std::optional<capture::SiteId> nearest_site;
  MemoryClass memory_class = MemoryClass::kUnknown;
  std::string
      because;  // one sentence: what moved and what did not; empty where there is nothing to say
  std::vector<std::string> advice;  // what would help, the best first
};

// kGrows: something does, more than chance explains and fast enough to matter; that it is a leak is
// not proven.
enum class Conclusion : uint8_t { kClean, kFound, kTooShort, kDataLost, kGrows };
inline constexpr size_t kConclusions = 5;

struct Analysis {
  double duration_seconds = 0;
  std::vector<SiteResult> sites;  // ranked: by verdict, then growth, then live bytes
  ProcessResult process;
  MemoryResult memory;
  std::optional<double> detectable_bytes_per_hour;
  std::optional<Rate> total_growth;      // of all sites that are leak or suspect
  std::optional<double> window_seconds;  // only the last so many were judged (--since); all other
                                         // times are of the whole run
  double judged_seconds =
      0;  // the length of run that was judged: shorter than `duration` if it tidied up
  bool warming_up = false;  // so many sites grow at once that nothing is confirmed yet
  Conclusion conclusion = Conclusion::kClean;
  std::string inconclusive_because;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_RESULT_H_

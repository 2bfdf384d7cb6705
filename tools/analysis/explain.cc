// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/explain.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/analysis/detect/earlier_looks.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr double kBlocksNeeded = 40;       // for the plain test, four times in five (coverage.h)
constexpr double kMinPerMinute = 1 << 20;  // from here on, operators count by the minute
constexpr int64_t kDaySeconds = 86400;

// "10:15Z", with the date where the run is longer than a day; "2h 3m after the start" where no
// clock is known.
std::string TimeOfDay(double ms, const RunFacts& run) {
  ms += run.skipped_ms;
  if (run.start_realtime_ns <= 0) return absl::StrCat(FormatDuration(ms / 1e3), " after the start");
  const auto seconds =
      static_cast<time_t>(run.start_realtime_ns / 1'000'000'000 + static_cast<int64_t>(ms / 1e3));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const bool date =
      run.skipped_ms + run.look.window.end_ms > static_cast<double>(kDaySeconds) * 1e3;
  const std::string time = absl::StrFormat("%02d:%02dZ", parts.tm_hour, parts.tm_min);
  return date ? absl::StrFormat("%04d-%02d-%02d %s", parts.tm_year + 1900, parts.tm_mon + 1,
                                parts.tm_mday, time)
              : time;
}

std::string Pace(double bytes_per_hour) {
  if (bytes_per_hour / 60 >= kMinPerMinute)
    return absl::StrCat(FormatSize(bytes_per_hour / 60), "/min");
  return absl::StrCat(FormatSize(bytes_per_hour), "/h");
}

std::string Blocks(const SiteHistory& history, int count) {
  return absl::StrCat(FormatCount(static_cast<uint64_t>(count)), history.exact ? "" : " sampled",
                      count == 1 ? " block" : " blocks");
}

std::string Manner(const Hypothesis& hypothesis, const RunFacts& run) {
  const Judgement& judgement = hypothesis.judgement;
  switch (judgement.trend) {
    case Trend::kExponential:
      return absl::StrCat("ever faster, doubling every ",
                          FormatDuration(judgement.doubling_ms.value_or(0) / 1e3));
    case Trend::kAccelerating:
      return "ever faster";
    case Trend::kDecelerating:
      return "ever more slowly";
    case Trend::kPlateau:
      return "hardly any more";
    case Trend::kSawtooth:
      return absl::StrCat("under a saw of teeth of ", FormatSize(judgement.teeth.bytes),
                          " that is freed again");
    default:
      break;
  }
  if (judgement.onset_ms)
    return absl::StrCat("at a steady rate since ", TimeOfDay(*judgement.onset_ms, run));
  return judgement.by_work ? "at a steady rate per unit of work" : "at a steady rate";
}

// "+26 MiB/min since 10:15Z, confirmed: "
std::string Headline(const Hypothesis& hypothesis, const RunFacts& run) {
  if (!hypothesis.judgement.growth) return "";
  std::string text = absl::StrCat("+", Pace(hypothesis.judgement.growth->mid));
  if (hypothesis.judgement.trend == Trend::kSawtooth) absl::StrAppend(&text, " at the base");
  if (run.start_realtime_ns > 0 || hypothesis.judgement.onset_ms) {
    absl::StrAppend(
        &text, " since ",
        TimeOfDay(hypothesis.judgement.onset_ms.value_or(run.look.window.warm_up_ms), run));
  }
  if (hypothesis.state == State::kConfirmed) absl::StrAppend(&text, ", confirmed");
  return absl::StrCat(text, ": ");
}

std::string Immortals(const Hypothesis& hypothesis, const RunFacts& run) {
  const Judgement& judgement = hypothesis.judgement;
  const auto deaths = static_cast<uint64_t>(std::llround(judgement.never_dies.deaths));
  std::string which = Blocks(hypothesis.candidate.history, judgement.wall.blocks);
  if (judgement.size_from > 0) {
    absl::StrAppend(&which, " of ", FormatSize(judgement.size_from), " to ",
                    FormatSize(judgement.size_to));
  }
  return absl::StrCat(which,
                      run.skipped_ms > 0 ? " born here in this window live on, "
                                         : " born here after the start live on, ",
                      deaths == 0 ? "none" : FormatCount(deaths), " older than ",
                      FormatDuration(judgement.never_dies.cut_ms / 1e3), " died, new ones come ",
                      Manner(hypothesis, run));
}

std::string WhyGrowing(const Hypothesis& hypothesis, const RunFacts& run) {
  const Judgement& judgement = hypothesis.judgement;
  std::string text = Headline(hypothesis, run);
  if (judgement.channel == Channel::kContainer && judgement.container) {
    absl::StrAppend(&text, "one block has grown in ", judgement.container->steps, " steps to ",
                    FormatSize(judgement.container->bytes), " and is still growing");
  } else if (judgement.channel == Channel::kBacklog && judgement.backlog) {
    absl::StrAppend(
        &text, "its blocks are freed ever later: at first after ",
        FormatDuration(judgement.backlog->early_life_ms / 1e3), ", lately after ",
        FormatDuration(judgement.backlog->late_life_ms / 1e3),
        " or more, and no more of them come than before: a queue that does not keep up");
  } else {
    absl::StrAppend(&text, Immortals(hypothesis, run));
  }
  if (hypothesis.tidied_up) absl::StrAppend(&text, "; freed at exit");
  return text;
}

std::string WhyNot(const Hypothesis& hypothesis, const RunFacts& run) {
  const Judgement& judgement = hypothesis.judgement;
  const SiteHistory& history = hypothesis.candidate.history;
  const auto deaths = static_cast<uint64_t>(std::llround(judgement.never_dies.deaths));
  const std::string age = FormatDuration(judgement.never_dies.cut_ms / 1e3);
  switch (judgement.trend) {
    case Trend::kStartup:
      return run.skipped_ms > 0
                 ? "nearly all of it was allocated before this window, or as it began"
                 : "nearly all of it was allocated while the program started";
    case Trend::kStep:
      return "it was allocated in one or a few bursts";
    case Trend::kPlateau:
      return "new blocks have stopped coming: it has filled up";
    case Trend::kDecelerating:
      return "new blocks come ever more slowly: it is filling up";
    case Trend::kBounded:
      return absl::StrCat("its blocks die when they are about ",
                          FormatDuration(judgement.never_dies.residence_ms / 1e3),
                          " old: a cache or a pool");
    case Trend::kPeriodic:
      return judgement.period_ms > 0 ? absl::StrCat("it comes and goes every ",
                                                    FormatDuration(judgement.period_ms / 1e3))
                                     : "it is freed again in bursts, all of it";
    case Trend::kChurn:
      return absl::StrCat("blocks older than ", age, " do die (", FormatCount(deaths), " did)");
    case Trend::kFlat:
      return run.skipped_ms > 0 ? "nothing that was allocated in this window is left"
                                : "nothing that was allocated after the start is left";
    case Trend::kInsufficient:
      return absl::StrCat("only ", Blocks(history, static_cast<int>(history.survivors.size())),
                          " to judge by");
    default:
      return "its growth is within what chance explains";
  }
}

std::string Retraction(const Hypothesis& hypothesis, const RunFacts& run) {
  const Plateau plateau = PlateauOf(hypothesis.candidate.history);
  return absl::StrCat("grew at an earlier look; plateaued at ", FormatSize(plateau.bytes),
                      " after ", FormatDuration(plateau.after_seconds + run.skipped_ms / 1e3), "; ",
                      WhyNot(hypothesis, run));
}

// How long a run would have had to be for enough blocks, at this pace.
std::string LongerRun(const Hypothesis& hypothesis, const RunFacts& run) {
  const double blocks = std::max(1.0, static_cast<double>(hypothesis.judgement.wall.blocks));
  const double seconds = run.look.window.end_ms / 1e3 * std::max(2.0, kBlocksNeeded / blocks);
  return absl::StrCat("a run of about ", FormatDuration(seconds), ", or a smaller --interval");
}

}  // namespace

std::string Evidence(const Hypothesis& hypothesis, const RunFacts& run) {
  if (hypothesis.verdict != Verdict::kNone) return WhyGrowing(hypothesis, run);
  return hypothesis.state == State::kRetracted ? Retraction(hypothesis, run)
                                               : WhyNot(hypothesis, run);
}

std::string Settle(const Hypothesis& hypothesis, const RunFacts& run) {
  const double end_seconds = run.look.window.end_ms / 1e3;
  switch (hypothesis.verdict) {
    case Verdict::kLeak:
      if (hypothesis.state == State::kConfirmed) return "";
      if (run.warming_up)
        return "time: so many places grow at once that the program may be warming up";
      return end_seconds >= kConfirmMinSeconds ? "a run twice as long confirms it"
                                               : "a run of 4 hours confirms it";
    case Verdict::kSuspect:
      return end_seconds < kLeakMinSeconds
                 ? "a run of 10 minutes or more: growth that goes on is a leak"
                 : "a run twice as long: a filling cache slows down, a leak does not";
    case Verdict::kWatch:
      return "a run twice as long: a filling cache slows down, a leak does not";
    case Verdict::kNone:
      break;
  }
  return hypothesis.judgement.trend == Trend::kInsufficient ? LongerRun(hypothesis, run) : "";
}

}  // namespace leaktrack

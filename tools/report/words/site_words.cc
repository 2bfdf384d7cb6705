// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/site_words.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/units.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/fill.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/trend_words.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {
namespace {

constexpr double kClearlyLonger = 1.1;

std::string Blocks(const Evidence& evidence, int count) {
  return absl::StrCat(FormatCount(static_cast<uint64_t>(count)), evidence.exact ? "" : " sampled",
                      count == 1 ? " block" : " blocks");
}

std::string Steadily(const SiteResult& site, const RunTimes& run) {
  if (site.late_onset_seconds)
    return absl::StrCat("at a steady rate since ", MomentText(*site.late_onset_seconds, run));
  return site.evidence.per_work ? "at a steady rate per unit of work" : "at a steady rate";
}

// What the blanks of trend_words stand for.
std::string Blank(std::string_view name, const SiteResult& site, const RunTimes& run) {
  const Evidence& evidence = site.evidence;
  if (name == "steadily") return Steadily(site, run);
  if (name == "alive") return Blocks(evidence, evidence.alive);
  if (name == "deaths") return FormatCount(evidence.old_deaths);
  if (name == "age") return FormatDuration(evidence.old_age_seconds);
  if (name == "residence") return FormatDuration(evidence.residence_seconds);
  if (name == "doubling") return FormatDuration(site.doubling_seconds.value_or(0));
  if (name == "tooth") return FormatSize(evidence.tooth_bytes);
  if (name == "after") return run.part ? "in this window" : "after the start";
  if (name == "before")
    return run.part ? "before this window, or as it began" : "while the program started";
  if (name == "returns" && evidence.period_seconds > 0)
    return absl::StrCat("comes and goes every ", FormatDuration(evidence.period_seconds));
  return name == "returns" ? "is freed again in bursts, all of it" : "";
}

std::string Filled(const char* sentence, const SiteResult& site, const RunTimes& run) {
  return Fill(sentence, [&](std::string_view name) { return Blank(name, site, run); });
}

// "+26 MiB/min since 10:15Z, confirmed: "
std::string RateText(const SiteResult& site, const RunTimes& run) {
  if (site.verdict == Verdict::kNone || !site.growth) return "";
  std::string text = absl::StrCat("+", GrowthRate(site.growth->mid));
  if (site.trend == Trend::kSawtooth) absl::StrAppend(&text, " at the base");
  if (run.start_realtime_ns > 0 || site.late_onset_seconds)
    absl::StrAppend(&text, " since ", MomentText(site.evidence.since_seconds, run));
  if (site.state == State::kConfirmed) absl::StrAppend(&text, ", confirmed");
  return absl::StrCat(text, ": ");
}

std::string ImmortalsText(const SiteResult& site, const RunTimes& run) {
  const Evidence& evidence = site.evidence;
  std::string which = Blocks(evidence, evidence.born_alive);
  if (evidence.size_from > 0) {
    absl::StrAppend(&which, " of ", FormatSize(evidence.size_from), " to ",
                    FormatSize(evidence.size_to));
  }
  const std::string deaths = evidence.old_deaths == 0 ? "none" : FormatCount(evidence.old_deaths);
  return absl::StrCat(which,
                      Filled(" made {after} are alive; of those older than {age}, ", site, run),
                      deaths, evidence.old_deaths <= 1 ? " was" : " were", " freed; new ones come ",
                      Filled(WordsOf(site.trend).manner, site, run));
}

std::string ContainerText(const ContainerFacts& container) {
  if (container.arena_ratio > 0) {
    return absl::StrCat("an arena: ", container.steps, " blocks since the start-up, each ",
                        absl::StrFormat("%.2g", container.arena_ratio),
                        " times as large as the one before, and none of them was freed");
  }
  return absl::StrCat("one block has grown in ", container.steps, " steps to ",
                      FormatSize(container.bytes), " and is still growing");
}

// Where both lives are nearly alike, two such figures would deny what the sentence says.
std::string BacklogText(const BacklogFacts& backlog) {
  const std::string early = FormatDuration(backlog.early_life_seconds),
                    late = FormatDuration(backlog.late_life_seconds);
  const std::string lives =
      backlog.late_life_seconds < kClearlyLonger * backlog.early_life_seconds
          ? absl::StrCat("its blocks live longer and longer, by now more than ", late)
          : absl::StrCat("its blocks live longer and longer: at first ", early, ", by now ", late,
                         " or more");
  return absl::StrCat(lives,
                      "; no more of them come than before, so it is a queue that does not "
                      "keep up");
}

std::string StepsText(const StepFacts& steps) {
  return absl::StrCat(Counted(static_cast<uint64_t>(steps.count), "burst", "bursts"), " of about ",
                      FormatSize(steps.bytes), " each, ", FormatDuration(steps.seconds_apart),
                      " apart; of what outlived two of them, nothing is freed");
}

std::string WhatGrows(const SiteResult& site, const RunTimes& run) {
  switch (site.evidence.channel) {
    case Channel::kContainer:
      if (site.evidence.container) return ContainerText(*site.evidence.container);
      break;
    case Channel::kBacklog:
      if (site.evidence.backlog) return BacklogText(*site.evidence.backlog);
      break;
    case Channel::kSteps:
      if (site.evidence.steps) return StepsText(*site.evidence.steps);
      break;
    case Channel::kImmortals:
    case Channel::kNone:
      break;
  }
  return ImmortalsText(site, run);
}

std::string WhyNot(const SiteResult& site, const RunTimes& run) {
  const std::string why_not = Filled(WordsOf(site.trend).why_not, site, run);
  if (site.state != State::kRetracted || !site.plateau) return why_not;
  return absl::StrCat("an earlier look took it for a leak; it stopped growing at ",
                      FormatSize(site.plateau->bytes), ", ",
                      FormatDuration(site.plateau->after_seconds), " after the start; ", why_not);
}

}  // namespace

std::string ReasonText(const SiteResult& site, const RunTimes& run) {
  if (site.lost) return MemorySentence(*site.memory);
  if (site.verdict == Verdict::kNone) return WhyNot(site, run);
  std::string text = WhatGrows(site, run);
  if (site.freed_at_exit) absl::StrAppend(&text, "; it was freed when the program ended");
  if (const std::optional<Plateau>& earlier = site.evidence.earlier_run) {
    absl::StrAppend(&text, "; but in an earlier run of this build it stopped growing at ",
                    FormatSize(earlier->bytes), ", ", FormatDuration(earlier->after_seconds),
                    " after the start");
  }
  return text;
}

std::string EvidenceText(const SiteResult& site, const RunTimes& run) {
  return absl::StrCat(RateText(site, run), ReasonText(site, run));
}

std::string SettleText(const SiteResult& site) {
  const Settle& settle = site.settle;
  const std::string seconds = FormatDuration(settle.seconds);
  switch (settle.by) {
    case Settles::kNothing:
    case Settles::kConfirmingRun:  // the verdict stands without it
      break;
    case Settles::kQuietStart:
      return "time: so many places grow at once that the program may be warming up";
    case Settles::kLongerThanCache:
      return "a run twice as long: by then a cache that fills slows down, a leak does not";
    case Settles::kRunOfSeconds:
      return absl::StrCat("a run of ", seconds,
                          " or more: what still grows then is most likely a leak");
    case Settles::kMoreBlocks:
      return absl::StrCat("a run of about ", seconds, ", or a smaller --interval");
    case Settles::kAboveBytes:
      return absl::StrCat("growth beyond ", FormatSize(settle.bytes),
                          " (--no-history judges without this memory)");
  }
  return "";
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/report/text/first_screen.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/input/site_groups.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/text/text_threads.h"
#include "tools/report/words/advice_words.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/doubt_words.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/likelihood_words.h"
#include "tools/report/words/limit_words.h"
#include "tools/report/words/measured_words.h"
#include "tools/report/words/memory_words.h"
#include "tools/report/words/site_words.h"
#include "tools/report/words/time_words.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {
namespace {

constexpr size_t kLabel = 8;
constexpr size_t kUncut = 4096;
constexpr size_t kMostPath = 60;

bool IsRunning(const ReportInput& input) { return input.capture.running && !input.capture.as_of; }

// "Push at list.cc:41 grows 8.4 MiB/min since 08:51 UTC"
std::string WhoGrows(const SiteGroup& group, const ReportInput& input, size_t columns) {
  const std::string tail =
      group.growth.mid > 0
          ? absl::StrCat(" grows ", GrowthRate(group.growth.mid), SinceText(group, input))
          : " loses what it allocates";
  const size_t room = columns > tail.size() + 12 ? columns - tail.size() : 12;
  return absl::StrCat(BlameText(group.first(), columns == 0 ? kUncut : room), tail);
}

// "2.1 GiB so far in 5,600,000 blocks; one in 4 of its blocks is never freed"
std::string SoFar(const SiteGroup& group) {
  const SiteResult& site = group.first();
  const bool heap = site.kind == capture::SiteKind::kHeap;
  std::string text = group.live_objects < .5
                         ? "all of it was freed when the program ended"
                         : absl::StrCat(FormatSize(group.live_bytes), " so far in ",
                                        CountText(group.live_objects, heap ? "block" : "mapping"));
  if (const std::string how = PeculiarityText(group); !how.empty())
    absl::StrAppend(&text, "; ", how);
  return text;
}

std::string PlaceText(const SiteResult& site) {
  if (site.stack.empty()) return "";
  const ResolvedFrame& frame = site.stack[site.blame];
  if (frame.file.empty() || frame.line == 0) return BlameText(site, kUncut);
  return SafeText(absl::StrCat(frame.file.substr(frame.file.rfind('/') + 1), ":", frame.line));
}

// How to wait for what settles it: until a time by the clock, or by a longer run.
std::string WaitText(const Settle& settle, const ReportInput& input) {
  const double watched = input.analysis.window_seconds.value_or(input.analysis.duration_seconds);
  const double wanted = settle.by == Settles::kLongerThanCache ? 2 * watched : settle.seconds;
  const double until = input.analysis.duration_seconds - watched + wanted;
  if (IsRunning(input) && input.capture.process.start_realtime_ns > 0)
    return absl::StrCat("report again after ", TimeOfDay(until, TimesOf(input)));
  return absl::StrCat("let it run for ", FormatDuration(wanted), " or more");
}

std::string NextOfSuspect(const SiteResult& site, const ReportInput& input) {
  switch (site.settle.by) {
    case Settles::kQuietStart:
      return "wait: so many places grow at once that the program may be warming up";
    case Settles::kRunOfSeconds:
      return absl::StrCat(WaitText(site.settle, input),
                          ": what still grows then is most likely a leak");
    case Settles::kLongerThanCache:
      return absl::StrCat(WaitText(site.settle, input),
                          ": a cache that fills slows down by then, a leak does not");
    case Settles::kMoreBlocks:
      return WaitText(site.settle, input);
    case Settles::kNothing:
    case Settles::kConfirmingRun:
    case Settles::kAboveBytes:
      break;
  }
  return SettleText(site);
}

// "at 14:52 UTC: killed"
std::string EndedText(const ReportInput& input) {
  const bool by_the_clock = input.capture.process.start_realtime_ns > 0;
  return absl::StrCat(by_the_clock ? "at " : "",
                      MomentText(input.analysis.duration_seconds, TimesOf(input)), ": ",
                      EndText(input.capture));
}

// What a restart is worth: this life from its start to the limit.
std::string RestartText(const ReportInput& input) {
  const std::optional<double>& left = input.analysis.process.seconds_mid;
  if (!IsRunning(input) || !left || *left > kFarAwaySeconds) return "";
  return absl::StrCat("; until then a restart buys about ",
                      FormatDuration(input.analysis.duration_seconds + *left));
}

std::string ShowCommand(const SiteResult& site, const ReportInput& input) {
  if (SiteNumber(site) == 0 || input.capture.path.empty()) return "";
  const std::string path = SafeText(input.capture.path);
  // A path that a narrow page would cut is none that can be pasted.
  return absl::StrCat("leaktrack report --site ", SiteNumber(site), " ",
                      path.size() <= kMostPath ? path : "CAPTURE", " shows the whole stack");
}

void AddLikelihood(const SiteGroup& group, const ReportInput& input, FirstScreen& screen) {
  if (std::string text = LikelihoodText(group, TimesOf(input)); !text.empty())
    screen.lines.push_back(std::move(text));
}

void AddShow(const SiteResult& site, const ReportInput& input, FirstScreen& screen) {
  if (std::string show = ShowCommand(site, input); !show.empty())
    screen.next.push_back(std::move(show));
}

// Who holds what grew, also where nothing is proven of it.
void AddHolder(const ReportInput& input, FirstScreen& screen) {
  const std::optional<SiteGroup> holder = HolderOf(input.analysis);
  const MeasuredGrowth& growth = *input.analysis.measured_growth;
  if (!holder) {
    screen.lines.emplace_back("no place in the program holds a tenth of that");
    return;
  }
  screen.lines.push_back(absl::StrCat(
      BlameText(holder->first(), kUncut), " holds ", FormatSize(holder->grown_bytes),
      holder->grown_bytes >= .5 * growth.bytes ? " of that, most of it; " : " of that; ",
      holder->first().trend == Trend::kInsufficient ? "its blocks are too few to judge it by"
                                                    : "that it leaks is not proven"));
  AddShow(holder->first(), input, screen);
}

// Resident memory that grows much faster than what is accused is not passed over.
void AddMeasured(const ReportInput& input, double told_bytes_per_hour, FirstScreen& screen) {
  constexpr double kMuchFaster = 2;
  const std::optional<MeasuredGrowth>& growth = input.analysis.measured_growth;
  if (!growth || !growth->goes_on || growth->rate.low < kMuchFaster * told_bytes_per_hour) return;
  screen.lines.push_back(absl::StrCat(MeasuredText(*growth, TimesOf(input)), " in all"));
}

// A runtime's own arena says nothing of who uses it: that is to be put right before all else.
void AddWhatHidesWho(const SiteResult& accused, const MemoryResult& memory, FirstScreen& screen) {
  if (memory.advice.empty()) return;
  const Advice& advice = memory.advice.front();
  if (HidesWho(advice.kind, accused.kind)) screen.next.push_back(AdviceText(advice));
}

FirstScreen Found(const ReportInput& input, size_t columns) {
  const SiteGroup group = GroupSites(input.analysis.sites, Verdict::kSuspect).front();
  const SiteResult& site = group.first();
  const bool leak = site.verdict == Verdict::kLeak;
  FirstScreen screen{leak ? "LEAK" : "LEAK?", Tint::kRed, {}, {}, {}};
  screen.lines = {WhoGrows(group, input, columns), SoFar(group)};
  if (site.lost)
    screen.lines.push_back(MemorySentence(*group.memory));
  else
    AddLikelihood(group, input, screen);
  AddWhatHidesWho(site, input.analysis.memory, screen);
  if (leak && site.settle.by != Settles::kQuietStart) {
    screen.next.push_back(absl::StrCat("fix ", PlaceText(site), RestartText(input)));
  } else {
    screen.next.push_back(NextOfSuspect(site, input));
  }
  AddShow(site, input, screen);
  AddMeasured(input, group.growth.high, screen);
  return screen;
}

std::string WatchedText(const ReportInput& input) {
  const Analysis& analysis = input.analysis;
  std::string text = absl::StrCat(
      "watched for ", FormatDuration(analysis.window_seconds.value_or(analysis.duration_seconds)));
  if (!analysis.detectable_bytes_per_hour) return text;
  return absl::StrCat(text, "; a leak of ", GrowthRate(*analysis.detectable_bytes_per_hour),
                      " or more at one place would have been found (80 % power)");
}

// What saves a night of searching for a leak in the heap.
bool NotTheHeap(const MemoryResult& memory) {
  return memory.memory_class == MemoryClass::kRetention ||
         memory.memory_class == MemoryClass::kMappings ||
         memory.memory_class == MemoryClass::kUntouched;
}

FirstScreen OfMemory(const ReportInput& input, const char* word) {
  const MemoryResult& memory = input.analysis.memory;
  FirstScreen screen{word, Tint::kYellow, {MemoryText(memory)}, {}, AdviceTexts(memory)};
  if (screen.next.size() > 1) screen.next.resize(1);
  return screen;
}

// What grows more than chance explains, and nobody can say yet whether it ends.
FirstScreen OfGrowingSite(const SiteGroup& group, const ReportInput& input, size_t columns) {
  FirstScreen screen{"GROWS", Tint::kYellow, {}, {}, {}};
  screen.lines = {WhoGrows(group, input, columns), SoFar(group)};
  AddLikelihood(group, input, screen);
  AddWhatHidesWho(group.first(), input.analysis.memory, screen);
  if (std::string next = NextOfSuspect(group.first(), input); !next.empty())
    screen.next.push_back(std::move(next));
  AddShow(group.first(), input, screen);
  AddMeasured(input, group.growth.high, screen);
  return screen;
}

// No hook sees a stack, so no site holds it.
FirstScreen OfThreads(const ReportInput& input) {
  const Analysis& analysis = input.analysis;
  FirstScreen screen{"GROWS", Tint::kYellow, {ThreadsHeadline(analysis)}, {}, {}};
  screen.lines.push_back(absl::StrCat(MeasuredText(*analysis.measured_growth, TimesOf(input)),
                                      ", most of it their stacks"));
  if (ThreadsNeverJoined(analysis.memory) > 0) {
    screen.next.emplace_back("join them, or detach them where they are started");
  } else if (IsRunning(input)) {
    screen.next.push_back(absl::StrCat("see what they wait for: gdb -p ", input.capture.process.pid,
                                       " -batch -ex 'thread apply all backtrace'"));
  } else {
    screen.next.emplace_back("find out what they wait for, or why they do not end");
  }
  if (const SiteResult* starter = SiteThatStartsThreads(analysis)) AddShow(*starter, input, screen);
  return screen;
}

FirstScreen Grows(const ReportInput& input, size_t columns) {
  if (ThreadsAreTheGrowth(input.analysis)) return OfThreads(input);
  const std::vector<SiteGroup> groups = GroupsToTell(input.analysis.sites);
  if (!groups.empty()) return OfGrowingSite(groups.front(), input, columns);
  const MemoryResult& memory = input.analysis.memory;
  FirstScreen screen{"GROWS", Tint::kYellow, {}, {}, {}};
  if (NotTheHeap(memory)) screen = OfMemory(input, "GROWS");
  if (!input.analysis.measured_growth) return screen;
  screen.lines.insert(screen.lines.begin(),
                      MeasuredText(*input.analysis.measured_growth, TimesOf(input)));
  if (!NotTheHeap(memory)) AddHolder(input, screen);
  return screen;
}

// Growth that is no reason to act: it is too slow to matter, or has stopped.
std::string SmallGrowthText(const ReportInput& input) {
  const MeasuredGrowth& growth = *input.analysis.measured_growth;
  if (!growth.goes_on) return StoppedText(growth, TimesOf(input));
  return absl::StrCat(MeasuredText(growth, TimesOf(input)),
                      ": too slow to fill the limit within the horizon (--growth-horizon)");
}

std::string NoGrowthText(const MemoryResult& memory) {
  if (!memory.rss_growth)
    return "no growth was found in the heap; resident memory was not read often enough to tell";
  return Significant(memory.rss_growth) ? "no growth was found that is more than noise"
                                        : "no growth was found";
}

FirstScreen Clean(const ReportInput& input, size_t columns) {
  const Analysis& analysis = input.analysis;
  FirstScreen screen{"OK", Tint::kGreen, {}, {}, {}};
  if (NotTheHeap(analysis.memory)) {
    screen = OfMemory(input, "NO LEAK");
  } else if (analysis.measured_growth) {
    screen.lines.push_back(SmallGrowthText(input));
    if (analysis.measured_growth->goes_on) AddHolder(input, screen);
  } else if (const std::vector<SiteGroup> groups = GroupsToTell(analysis.sites); !groups.empty()) {
    screen.lines = {WhoGrows(groups.front(), input, columns),
                    "too slow to fill the limit within the horizon (--growth-horizon)"};
    AddLikelihood(groups.front(), input, screen);
  } else if (analysis.memory.memory_class == MemoryClass::kSteady) {
    screen.lines.push_back(MemoryText(analysis.memory));
  } else {
    screen.lines.push_back(NoGrowthText(analysis.memory));
  }
  screen.lines.push_back(WatchedText(input));
  return screen;
}

std::string NextOfDoubt(Doubt doubt) {
  switch (doubt) {
    case Doubt::kNone:
      break;
    case Doubt::kDamaged:
    case Doubt::kEndMissing:
    case Doubt::kEventsLost:
      return "see below what was lost; record it again if that matters";
    case Doubt::kBecameUntracked:
      return "see Untracked below for how to track what it became";
    case Doubt::kRunTooShort:
      return "let it run for a minute or more, and report again";
    case Doubt::kWindowTooShort:
      return "ask for a longer window, or leave --since out";
    case Doubt::kNothingSeen:
      return "leaktrack doctor PROGRAM says whether it can be tracked";
    case Doubt::kGrowthUnproven:
      return "let it run on, and report again";
  }
  return "";
}

FirstScreen Unclear(const ReportInput& input) {
  FirstScreen screen{"UNCLEAR", Tint::kYellow, {DoubtText(input.analysis.doubts)}, {}, {}};
  screen.next.push_back(NextOfDoubt(input.analysis.doubts.doubt));
  return screen;
}

FirstScreen Answer(const ReportInput& input, size_t columns) {
  switch (input.analysis.conclusion) {
    case Conclusion::kFound:
      return Found(input, columns);
    case Conclusion::kClean:
      return Clean(input, columns);
    case Conclusion::kGrows:
      return Grows(input, columns);
    case Conclusion::kTooShort:
    case Conclusion::kDataLost:
      break;
  }
  return Unclear(input);
}

}  // namespace

FirstScreen FirstScreenOf(const ReportInput& input, size_t columns) {
  FirstScreen screen = Answer(input, columns);
  if (input.capture.oom_kill && !Lives(input.capture)) {
    screen.fate = {"ENDED", EndText(input.capture)};
    return screen;
  }
  if (!LimitIsInSight(input)) return screen;
  screen.fate = {Lives(input.capture) ? "FULL" : "ENDED",
                 absl::StrCat(Lives(input.capture) ? ForecastText(input) : EndedText(input),
                              "; limit ", LimitText(input))};
  return screen;
}

bool LimitIsInSight(const ReportInput& input) { return !input.analysis.process.odds.empty(); }

bool MemoryIsTheAnswer(const ReportInput& input) {
  const MemoryResult& memory = input.analysis.memory;
  return input.analysis.conclusion == Conclusion::kClean &&
         (NotTheHeap(memory) || memory.memory_class == MemoryClass::kSteady);
}

void WriteFirstScreen(const ReportInput& input, Page& page) {
  const FirstScreen screen = FirstScreenOf(input);
  std::string label = screen.word;
  for (size_t i = 0; i < screen.lines.size(); ++i) {
    page.Field(i == 0 ? label : "", screen.lines[i], kLabel, i == 0 ? screen.tint : Tint::kNone);
  }
  if (!screen.fate.text.empty()) page.Field(screen.fate.label, screen.fate.text, kLabel);
  for (size_t i = 0; i < screen.next.size(); ++i)
    page.Field(i == 0 ? "NEXT" : "", screen.next[i], kLabel);
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/report/text/text_threads.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/analysis/process/threads_account.h"
#include "tools/base/units.h"
#include "tools/report/input/selection.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/memory_words.h"

namespace leaktrack {
namespace {

constexpr size_t kCallerColumns = 100;

std::string Threads(double number) {
  return FormatCount(static_cast<uint64_t>(std::llround(number)));
}

bool AreMore(const MemoryResult& memory) {
  return Significant(memory.threads_growth) && memory.threads_growth->mid > 0;
}

// "601/min more"
std::string MoreThreadsText(const MemoryResult& memory) {
  const bool by_the_minute = memory.threads_growth->mid >= 60;
  const double rate = memory.threads_growth->mid / (by_the_minute ? 60 : 1);
  return absl::StrCat(rate < 10 ? absl::StrFormat("%.1f", rate) : Threads(rate),
                      by_the_minute ? "/min" : "/h", " more");
}

// The program's own frame, if there is one, and else who called pthread_create.
std::string StarterText(const SiteResult& site) {
  SiteResult at_caller = site;
  at_caller.blame = site.own_frame.value_or(StartsThreads(site.stack).value_or(site.blame));
  return BlameText(at_caller, kCallerColumns);
}

}  // namespace

bool ThreadsAreTheGrowth(const Analysis& analysis) {
  constexpr double kMost = .5;
  const MemoryResult& memory = analysis.memory;
  const std::optional<Rate> rest = GrowthOfRest(memory);
  if (!analysis.measured_growth || !rest || rest->low <= 0 ||
      rest->mid < kMost * analysis.measured_growth->rate.mid)
    return false;
  return AreMore(memory) || ThreadsNeverJoined(memory) > 0;
}

const SiteResult* SiteThatStartsThreads(const Analysis& analysis) {
  const std::optional<ThreadStarter>& starter = analysis.memory.thread_starter;
  if (!starter) return nullptr;
  const auto site = std::ranges::find(analysis.sites, starter->site, SiteNumber);
  return site == analysis.sites.end() ? nullptr : &*site;
}

std::string ThreadsHeadline(const Analysis& analysis) {
  const MemoryResult& memory = analysis.memory;
  const double ended = ThreadsNeverJoined(memory);
  const std::string text = ended > 0 ? absl::StrCat("about ", Threads(ended),
                                                    " threads have ended and were never joined")
                                     : absl::StrCat(MoreThreadsText(memory), " threads");
  const SiteResult* const starter = SiteThatStartsThreads(analysis);
  return starter == nullptr ? text
                            : absl::StrCat(text, ", most started by ", StarterText(*starter));
}

std::string ThreadsText(const Analysis& analysis) {
  const MemoryResult& memory = analysis.memory;
  const double ended = ThreadsNeverJoined(memory);
  if (!AreMore(memory) && ended == 0) return "";
  std::string text = absl::StrCat(Threads(static_cast<double>(memory.threads.value_or(0))), " live",
                                  AreMore(memory) ? ", " + MoreThreadsText(memory) : "");
  if (ended > 0)
    absl::StrAppend(&text, "; about ", Threads(ended),
                    " more have ended and were never joined: their stacks stay");
  if (!memory.thread_starter) return absl::StrCat(text, "; who starts them was not seen");
  const SiteResult* const starter = SiteThatStartsThreads(analysis);
  if (starter == nullptr)
    return absl::StrCat(text, "; most were started by site ", memory.thread_starter->site);
  return absl::StrCat(text, "; most were started by ", StarterText(*starter), " (site ",
                      memory.thread_starter->site, ")");
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
//
// Parts of sentences about a living host, the same on the page, in the terminal and in alerts.
//
// Promises: names come out safe to print. Times are by the clock, in UTC.
#ifndef LEAKTRACK_TOOLS_LIVE_WORDS_PHRASES_H_
#define LEAKTRACK_TOOLS_LIVE_WORDS_PHRASES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/live/model/view.h"
#include "tools/report/words/page.h"

namespace leaktrack::live {

// "OK", "WARNING", "CRITICAL", "OOM IMMINENT"
const char* StatusWord(Status status);
Tint TintOf(Status status);

// "8 GiB of cgroup /orders", "23.5 GiB of the machine"; empty: no limit is known.
std::string LimitText(const LimitView& limit);

// "17:05 UTC (80 %: 16:20 to 18:10)", with "never" where that is possible; empty: no time.
std::string FullText(const Outlook& outlook, int64_t now);

// "33m", "> 1d"; "-": no time.
std::string FullIn(const Outlook& outlook);

// "+8.4 MiB/min", "-": too short or none.
std::string GrowsText(const Growth& growth);

// "orders::Audit::Remember (audit.cc:41)"
std::string SiteText(const SiteSummary& site);

// What was killed, when, by whose limit, and what proves it.
std::string KillText(const OomKill& kill);

// One line for each thing that could not be seen.
std::vector<std::string> UnseenTexts(const Unseen& unseen);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_WORDS_PHRASES_H_

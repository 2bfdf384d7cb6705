// SPDX-License-Identifier: Apache-2.0
//
// The page of 03:00: every process and cgroup of this host, by time to trouble, as text or JSON.
//
// Promises: the first word is the answer; each figure has its unit; nothing is told of a process
// that was watched too briefly. The JSON has a published set of names, null where a thing is not
// known; its intervals of growth are 90 %, those of times 80 %.
#ifndef LEAKTRACK_TOOLS_LIVE_WORDS_TRIAGE_PAGE_H_
#define LEAKTRACK_TOOLS_LIVE_WORDS_TRIAGE_PAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/live/model/view.h"
#include "tools/live/words/next_steps.h"
#include "tools/report/encode/json_values.h"

namespace leaktrack::live {

struct TriageOptions {
  size_t columns = 80;
  bool colour = false;
  size_t processes = 15;  // lines of the table
  int64_t now = 0;        // seconds since 1970
  NextOptions next;
};

std::string TriageText(const HostView& host, const TriageOptions& options);
std::string TriageJson(const HostView& host, const TriageOptions& options);

// The parts, which the server shows as well.
Json ProcessJson(const ProcessView& process);
Json CgroupJson(const CgroupView& cgroup);
Json KillJson(const OomKill& kill);

// What the first word says: the worst status of all, or that something grows.
enum class TriageAnswer : uint8_t { kOk, kGrows, kTrouble };
TriageAnswer AnswerOf(const HostView& host);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_WORDS_TRIAGE_PAGE_H_

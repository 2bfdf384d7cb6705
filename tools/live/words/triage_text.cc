// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/live/words/phrases.h"
#include "tools/live/words/triage_page.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/page.h"

namespace leaktrack::live {
namespace {

constexpr size_t kLabel = 10;
constexpr size_t kMostLimits = 8;
constexpr size_t kMostKills = 5;

bool Rises(const Growth& growth) {
  return growth.shape == Shape::kGrows || growth.shape == Shape::kStartup;
}

std::string Who(const ProcessView& process) {
  return absl::StrCat(SafeText(process.now.name), " (pid ", process.now.key.pid, ")");
}

std::string Used(const LimitView& limit) {
  const auto used = limit.used_fraction();
  return used ? absl::StrCat(static_cast<int>(*used * 100 + .5), " % used") : "";
}

// What a process that may be starting up, or has not grown for long, is not sure of.
std::string Doubt(const ProcessView& process) {
  if (process.cause == Cause::kStartup) {
    return absl::StrCat("it is ", FormatDuration(process.now.age_seconds),
                        " old and may be starting up");
  }
  if (process.outlook.mid && !process.outlook.trusted) {
    return absl::StrCat("watched for ", FormatDuration(process.growth.watched_seconds),
                        " only: it may stop");
  }
  return "";
}

void WriteProcess(const ProcessView& process, const TriageOptions& options, Page& page) {
  const bool rises = Rises(process.growth);
  const char* word = process.status == Status::kOk ? "GROWS" : StatusWord(process.status);
  std::string text = Who(process);
  if (rises)
    absl::StrAppend(&text, " grows ", GrowthText(*process.growth.rate), ": ",
                    CauseName(process.cause));
  else
    absl::StrAppend(&text, ", ", CauseName(process.cause), ", shares a limit that is near");
  page.Field(word, text, kLabel + 4, TintOf(process.status));
  if (const std::string doubt = Doubt(process); !doubt.empty()) page.Field("", doubt, kLabel + 4);
  if (process.tracked && !process.tracked->sites.empty())
    page.Field("",
               absl::StrCat("most at ", SiteText(process.tracked->sites.front()), ", ",
                            Name(process.tracked->sites.front().verdict)),
               kLabel + 4);
  const std::string full = FullText(process.outlook, options.now);
  if (!full.empty()) {
    const std::string tail = process.outlook.trusted ? "" : " if it goes on like this";
    page.Field("FULL", absl::StrCat("at ", full, tail), kLabel + 4);
  }
  if (process.limit.kind != LimitKind::kNone)
    page.Field("LIMIT", absl::StrCat(LimitText(process.limit), ", ", Used(process.limit)),
               kLabel + 4);
}

// Growth of a cgroup that none of its processes explains.
void WriteOutside(const CgroupView& cgroup, const TriageOptions& options, Page& page) {
  const OutsideGrowth& outside = cgroup.outside[*cgroup.blamed];
  page.Field(
      cgroup.status == Status::kOk ? "GROWS" : StatusWord(cgroup.status),
      absl::StrCat("cgroup ", SafeText(cgroup.now.path), " grows ", GrowthText(*cgroup.growth.rate),
                   ", its processes do not: ", outside.kind),
      kLabel + 4, TintOf(cgroup.status));
  const std::string full = FullText(cgroup.outlook, options.now);
  if (!full.empty()) page.Field("FULL", absl::StrCat("at ", full), kLabel + 4);
  page.Field("LIMIT", absl::StrCat(LimitText(cgroup.limit), ", ", Used(cgroup.limit)), kLabel + 4);
  if (std::string_view(outside.kind) == "shmem")
    page.Field("NEXT", "ls -l /proc/*/fd 2>/dev/null | grep -e memfd -e shm; df /dev/shm",
               kLabel + 4);
}

void WriteNext(const ProcessView& process, const HostView& host, const TriageOptions& options,
               Page& page) {
  const char* label = "NEXT";
  for (const NextStep& step : NextSteps(process, host, options.next)) {
    page.Field(label, step.command.empty() ? step.why : absl::StrCat(step.why, ":"), kLabel + 4);
    // Not wrapped: it is to be pasted.
    if (!step.command.empty()) page.Raw(absl::StrCat(std::string(kLabel + 4, ' '), step.command));
    label = "";
  }
  page.Field("KEEP", KeepEvidence(process), kLabel + 4);
}

std::string Pad(std::string text, size_t columns, bool right) {
  text = ShortenMiddle(text, columns);
  const size_t missing = columns - std::min(columns, DisplayColumns(text));
  return right ? std::string(missing, ' ') + text : text + std::string(missing, ' ');
}

std::string Row(const std::vector<std::string>& cells) {
  constexpr size_t kWidths[] = {12, 7, 15, 9, 12, 10};
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool last = i + 1 == cells.size();
    const bool right = i == 1 || i == 3 || i == 4;
    absl::StrAppend(&row, last ? cells[i] : absl::StrCat(Pad(cells[i], kWidths[i], right), " "));
  }
  return row;
}

void WriteTable(const HostView& host, const TriageOptions& options, Page& page) {
  page.Line(Row({"status", "pid", "name", "resident", "grows", "class", "full in"}), Tint::kBold);
  for (size_t i = 0; i < std::min(options.processes, host.processes.size()); ++i) {
    const ProcessView& process = host.processes[i];
    const std::string resident =
        FormatSize(static_cast<double>(std::max<int64_t>(process.now.resident, 0)));
    page.Line(Row({StatusWord(process.status), absl::StrCat(process.now.key.pid),
                   SafeText(process.now.name).append(process.tracked ? " *" : ""), resident,
                   GrowsText(process.growth), CauseName(process.cause), FullIn(process.outlook)}),
              TintOf(process.status));
  }
  if (host.processes.size() > options.processes) {
    page.Line(absl::StrCat("... and ", host.processes.size() - options.processes,
                           " more that grow less or hold less"),
              Tint::kDim);
  }
}

void WriteLimits(const HostView& host, const TriageOptions& options, Page& page) {
  page.Blank();
  page.Line(absl::StrCat(
      "Limits: machine ", FormatSize(static_cast<double>(std::max<int64_t>(host.machine.total, 0))),
      ", ", FormatSize(static_cast<double>(std::max<int64_t>(host.machine.available, 0))),
      " available"));
  size_t written = 0;
  for (const CgroupView& cgroup : host.cgroups) {
    if (cgroup.limit.kind == LimitKind::kNone || ++written > kMostLimits) continue;
    std::string text = absl::StrCat(
        Used(cgroup.limit), " of ", FormatSize(static_cast<double>(cgroup.limit.bytes)), ", ",
        cgroup.processes, cgroup.processes == 1 ? " process, " : " processes, ",
        GrowsText(cgroup.growth));
    const std::string full = FullText(cgroup.outlook, options.now);
    if (!full.empty()) absl::StrAppend(&text, ", full at ", full);
    page.Line(absl::StrCat("  ", SafeText(cgroup.now.path)), TintOf(cgroup.status));
    page.Field("", text, 4);
  }
}

void WriteKills(const HostView& host, Page& page) {
  if (host.kills.empty()) return;
  page.Blank();
  page.Line("OOM kills, the latest first", Tint::kBold);
  for (size_t i = 0; i < std::min(kMostKills, host.kills.size()); ++i)
    page.Field("", KillText(host.kills[i]), 2);
  if (host.kills.size() > kMostKills)
    page.Line(absl::StrCat("  ... and ", host.kills.size() - kMostKills, " before"), Tint::kDim);
}

void WriteUnseen(const HostView& host, Page& page) {
  const std::vector<std::string> texts = UnseenTexts(host.unseen);
  if (!texts.empty()) page.Blank();
  for (const std::string& text : texts) page.Field("Not seen", text, kLabel + 4);
}

const ProcessView* WorstOf(const HostView& host) {
  if (host.processes.empty()) return nullptr;
  const ProcessView& first = host.processes.front();
  // A start-up alone is no answer: the table shows it.
  return first.status != Status::kOk || first.growth.shape == Shape::kGrows ? &first : nullptr;
}

void WriteAnswer(const HostView& host, const TriageOptions& options, Page& page) {
  const auto outside = std::ranges::find_if(
      host.cgroups, [](const CgroupView& cgroup) { return cgroup.blamed && cgroup.outlook.mid; });
  if (outside != host.cgroups.end()) WriteOutside(*outside, options, page);
  if (const ProcessView* worst = WorstOf(host)) {
    WriteProcess(*worst, options, page);
    WriteNext(*worst, host, options, page);
  } else if (outside == host.cgroups.end()) {
    page.Field("OK", "no process and no cgroup grows towards a limit", kLabel + 4, Tint::kGreen);
  }
}

}  // namespace

TriageAnswer AnswerOf(const HostView& host) {
  const auto bad = [](const auto& one) { return one.status != Status::kOk; };
  if (std::ranges::any_of(host.processes, bad) || std::ranges::any_of(host.cgroups, bad) ||
      host.machine_status != Status::kOk)
    return TriageAnswer::kTrouble;
  const auto grows = [](const ProcessView& one) { return one.growth.shape == Shape::kGrows; };
  return std::ranges::any_of(host.processes, grows) ? TriageAnswer::kGrows : TriageAnswer::kOk;
}

std::string TriageText(const HostView& host, const TriageOptions& options) {
  Page page(options.columns, options.colour);
  WriteAnswer(host, options, page);
  page.Blank();
  page.Line(absl::StrCat(host.processes.size(), " processes, watched for ",
                         FormatDuration(host.watched_seconds), "; * is tracked"),
            Tint::kDim);
  WriteTable(host, options, page);
  WriteLimits(host, options, page);
  WriteKills(host, page);
  WriteUnseen(host, page);
  return page.text();
}

}  // namespace leaktrack::live

// SPDX-License-Identifier: Apache-2.0
#include "tools/report/text/text_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/text/first_screen.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/end_words.h"
#include "tools/report/words/process_name.h"
#include "tools/report/words/selection_words.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {
namespace {

// "watched for 15s from Nov 30 20:51 UTC"
std::string WatchText(const ReportInput& input) {
  const std::string start = DayAndTime(0, TimesOf(input));
  return absl::StrCat("watched for ", FormatDuration(input.analysis.duration_seconds),
                      start.empty() ? "" : absl::StrCat(" from ", start));
}

}  // namespace

std::string EndText(const capture::Capture& capture) {
  if (capture.as_of) return "running when this was sealed";
  const std::string end = EndName(capture);
  if (end == "running") return "still running";
  if (end == "unknown") return "ended, nobody saw how";
  if (capture.oom_kill) return OomKillText(*capture.oom_kill);
  return end == "exec" ? "replaced by exec" : end;
}

std::string Introduction(const ReportInput& input) {
  const capture::Capture& capture = input.capture;
  std::string text = CommandText(capture.process);
  absl::StrAppend(&text, " (pid ", capture.process.pid);
  if (!capture.process.host.empty()) absl::StrAppend(&text, " on ", SafeText(capture.process.host));
  return absl::StrCat(text, "), ", WatchText(input), ", ", EndText(capture));
}

std::string Headline(const ReportInput& input, size_t columns) {
  constexpr size_t kWord = 8;
  const FirstScreen screen = FirstScreenOf(input, columns > kWord ? columns - kWord : kWord);
  std::string word = screen.word;
  word.resize(std::max(word.size() + 1, kWord), ' ');
  return ShortenMiddle(word + screen.lines.front(), columns);
}

std::string TextReport(const ReportInput& input, const TextOptions& options) {
  Page page(options.columns, options.colour);
  WriteFirstScreen(input, page);
  page.Blank();
  page.Field("Program", Introduction(input));
  if (const std::string window = WindowText(input); !window.empty()) {
    page.Field("Window", absl::StrCat(window, "; blocks made before it do not count as growth"));
  }
  if (input.analysis.warming_up) {
    page.Field("Note",
               "so many places grow at once that the program is probably warming up: nothing is "
               "confirmed yet");
  }
  WriteProcess(input, page);
  WriteSites(input, options, page);
  WriteCoverage(input, options, page);
  return page.text();
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/selection_words.h"

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

std::string OptionsText(const SelectionOptions& options) {
  std::string text;
  if (options.site) absl::StrAppend(&text, "--site ", *options.site);
  if (!options.filter.empty())
    absl::StrAppend(&text, text.empty() ? "" : " ", "--filter ", SafeText(options.filter));
  if (options.top != 0) absl::StrAppend(&text, text.empty() ? "" : " ", "--top ", options.top);
  return text;
}

}  // namespace

std::string SelectionText(const ReportInput& input) {
  const Selection& selection = input.selection;
  const size_t shown = ShownSites(input).size(), all = input.analysis.sites.size();
  if (shown == all) return "";
  const bool cut_unasked =
      selection.options.top == 0 && shown == selection.options.most_unasked && shown > 0;
  const std::string options = OptionsText(selection.options);
  std::string text =
      shown == 0 ? absl::StrCat("none of ", FormatCount(all), " sites matches ", options)
                 : absl::StrCat("showing ", FormatCount(shown), " of ", FormatCount(all), " sites",
                                options.empty() ? "" : absl::StrCat(" (", options, ")"));
  if (cut_unasked) absl::StrAppend(&text, ", the worst first; --top ", all, " lists all");
  if (selection.growing_left_out > 0) {
    absl::StrAppend(&text, "; ", FormatCount(selection.growing_left_out),
                    selection.growing_left_out == 1 ? " that grows is not among them"
                                                    : " that grow are not among them");
  }
  return text;
}

std::string WindowText(const ReportInput& input) {
  if (!input.analysis.window_seconds) return "";
  return absl::StrCat("judged by the last ", FormatDuration(*input.analysis.window_seconds), " of ",
                      FormatDuration(input.analysis.duration_seconds), " alone (--since)");
}

std::string ScopeText(const ReportInput& input) {
  const std::string window = WindowText(input), selection = SelectionText(input);
  return absl::StrCat(window, window.empty() || selection.empty() ? "" : "; ", selection);
}

}  // namespace leaktrack

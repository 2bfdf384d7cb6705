// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/report_settings.h"

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tools/base/input_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr size_t kLevels = 3;

absl::Status Refused(absl::string_view option, absl::string_view text, absl::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": '", SafeText(std::string(text)), "' is not ", wanted));
}

absl::StatusOr<std::array<double, kLevels>> ReadUse(const std::string& text) {
  constexpr absl::string_view kWanted = "three rising percentages such as 75,90,97";
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  std::array<double, kLevels> levels{};
  if (parts.size() != kLevels) return Refused("--status-use", text, kWanted);
  for (size_t i = 0; i < kLevels; ++i) {
    const bool good = absl::SimpleAtod(absl::StripSuffix(parts[i], "%"), &levels[i]) &&
                      levels[i] > 0 && levels[i] <= 100;
    if (!good || (i > 0 && levels[i] / 100 < levels[i - 1]))
      return Refused("--status-use", text, kWanted);
    levels[i] /= 100;
  }
  return levels;
}

absl::StatusOr<std::array<double, kLevels>> ReadTimes(const std::string& text) {
  constexpr absl::string_view kWanted = "three falling durations such as 24h,1h,10m";
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  std::array<double, kLevels> levels{};
  if (parts.size() != kLevels) return Refused("--status-time", text, kWanted);
  for (size_t i = 0; i < kLevels; ++i) {
    const absl::StatusOr<uint64_t> duration_ms = ParseDurationMs(parts[i]);
    if (!duration_ms.ok()) return Refused("--status-time", text, kWanted);
    levels[i] = static_cast<double>(*duration_ms) / 1e3;
    if (i > 0 && levels[i] > levels[i - 1]) return Refused("--status-time", text, kWanted);
  }
  return levels;
}

absl::Status ReadWrapperFile(const std::string& path, std::vector<std::string>& wrappers) {
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok())
    return absl::NotFoundError(absl::StrCat("--wrapper-file: ", text.status().message()));
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const absl::string_view pattern = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (!pattern.empty()) wrappers.emplace_back(pattern);
  }
  return absl::OkStatus();
}

}  // namespace

void AddStatusOptions(OptionList& list, std::string& use, std::string& time) {
  list.Add("--status-use", use,
           "percent of the limit at which the status is WARNING, CRITICAL, OOM IMMINENT")
      .Type("P,P,P")
      .ShowDefault();
  list.Add("--status-time", time,
           "time to the limit below which the status is WARNING, CRITICAL, OOM IMMINENT")
      .Type("T,T,T")
      .ShowDefault();
}

void AddSettings(OptionList& list, ReportSettings& settings) {
  list.Add("--limit", settings.limit,
           "the memory limit (default: the cgroup's, ulimit -v's, or the machine's)")
      .Type("SIZE");
  AddStatusOptions(list, settings.status_use, settings.status_time);
  list.Add("--growth-horizon", settings.growth_horizon,
           "growth without proof counts (exit status 3) if it would fill the limit in this")
      .Type("T")
      .ShowDefault();
  list.Add("--wrapper", settings.wrappers,
           "never blame functions of this name ('pool_*'); may be repeated")
      .Type("PATTERN")
      .OneValueEach();
  list.Add("--wrapper-file", settings.wrapper_files,
           "a file with one such pattern on each line; may be repeated")
      .Type("FILE")
      .OneValueEach();
}

absl::StatusOr<StatusLevels> ReadLevels(const std::string& use, const std::string& time) {
  StatusLevels levels;
  ASSIGN_OR_RETURN(levels.use, ReadUse(use));
  ASSIGN_OR_RETURN(levels.seconds, ReadTimes(time));
  return levels;
}

absl::StatusOr<AnalyzeOptions> ReadSettings(const ReportSettings& settings) {
  AnalyzeOptions options;
  if (!settings.limit.empty()) {
    const absl::StatusOr<uint64_t> limit = ParseSize(settings.limit);
    if (!limit.ok() || *limit == 0 || *limit > INT64_MAX)
      return Refused("--limit", settings.limit, "a size such as 2GiB");
    options.limit_bytes = static_cast<int64_t>(*limit);
  }
  ASSIGN_OR_RETURN(options.levels, ReadLevels(settings.status_use, settings.status_time));
  const absl::StatusOr<uint64_t> horizon_ms = ParseDurationMs(settings.growth_horizon);
  if (!horizon_ms.ok() || *horizon_ms == 0)
    return Refused("--growth-horizon", settings.growth_horizon, "a duration such as 7d");
  options.growth_horizon_seconds = static_cast<double>(*horizon_ms) / 1e3;
  options.wrappers = settings.wrappers;
  for (const std::string& path : settings.wrapper_files)
    RETURN_IF_ERROR(ReadWrapperFile(path, options.wrappers));
  return options;
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/baseline.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr char kTitle[] = "# leaktrack baseline, runs: ";
constexpr char kAdvice[] =
    "# Known leaks: the gate fails on any other, and on these when they get worse. Comments stay "
    "with the line below.";
constexpr CountMode kModes[] = {CountMode::kGrown, CountMode::kAtExit, CountMode::kLost};
constexpr char kEveryBlock[] = "every block", kInterval[] = "one in ", kFreed[] = "freed ";
constexpr char kNoLeak[] = ", no leak yet", kLost[] = ", lost", kReachable[] = ", reachable";
constexpr char kDeviation[] = " +- ";

// Two digits: with sampling and schedulers the third does not repeat.
double Rounded(double value) {
  if (value <= 0) return 0;
  const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
  return std::round(value / unit) * unit;
}

// Rounds in the unit in which the size is written. Otherwise each rewriting would shift it:
// 1100000 bytes are written as 1 MiB.
double RoundedSize(double bytes) {
  double unit = 1;
  while (bytes / unit >= 1024) unit *= 1024;
  return Rounded(bytes / unit) * unit;
}

std::string SizeText(double bytes) { return FormatSize(RoundedSize(bytes)); }

class Parser {
 public:
  explicit Parser(const std::string& name) : name_(SafeText(name)) {}

  absl::StatusOr<Baseline> Parse(const std::string& text) {
    if (absl::StripAsciiWhitespace(text).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_,
                       ": is empty; a baseline without leaks has a title line (write it with "
                       "--update-baseline)"));
    }
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      ++number_;
      const absl::Status status = Line(std::string(absl::StripAsciiWhitespace(line)));
      if (!status.ok()) return status;
    }
    return baseline_;
  }

 private:
  absl::Status Line(const std::string& line) {
    if (number_ == 1) return Title(line);
    if (line.empty() || line == kAdvice) return absl::OkStatus();
    if (line[0] == '#') {
      comments_.push_back(line);
      return absl::OkStatus();
    }
    return Entry(line);
  }

  absl::Status Title(absl::string_view line) {
    const std::string expected = absl::StrCat("the first line must be '", kTitle, "N'");
    if (!absl::ConsumePrefix(&line, kTitle)) return Refuse(expected);
    const std::vector<absl::string_view> parts = absl::StrSplit(line, ", ");
    if (!absl::SimpleAtoi(parts[0], &baseline_.runs) || baseline_.runs == 0)
      return Refuse(expected);
    for (size_t i = 1; i < parts.size(); ++i) RETURN_IF_ERROR(HowMeasured(parts[i]));
    return absl::OkStatus();
  }

  absl::Status HowMeasured(absl::string_view part) {
    const auto* const mode = std::ranges::find(kModes, part, CountModeText);
    if (mode != std::end(kModes)) {
      baseline_.mode = *mode;
    } else if (part == kEveryBlock) {
      baseline_.interval = 1;
    } else if (absl::ConsumePrefix(&part, kInterval)) {
      return Size(part, &baseline_.interval);
    } else if (absl::ConsumePrefix(&part, kFreed)) {
      return Size(part, &baseline_.freed_bytes);
    } else {
      return Refuse(absl::StrCat("'", SafeText(std::string(part)), "' is not known in a title"));
    }
    return absl::OkStatus();
  }

  absl::Status Size(absl::string_view text, double* bytes) const {
    const absl::StatusOr<uint64_t> size = ParseSize(std::string(text));
    if (!size.ok()) return Refuse(size.status().message());
    *bytes = static_cast<double>(*size);
    return absl::OkStatus();
  }

  // "12 blocks, 4.1 KiB +- 300 B per run, no leak yet: site"
  absl::Status Entry(const std::string& line) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    absl::string_view measured = parts.first;
    BaselineEntry entry;
    entry.leaks = !absl::ConsumeSuffix(&measured, kNoLeak);
    if (absl::ConsumeSuffix(&measured, kLost)) entry.kept = KeptHow::kLost;
    if (absl::ConsumeSuffix(&measured, kReachable)) entry.kept = KeptHow::kReachable;
    const std::vector<std::string> figures = absl::StrSplit(measured, absl::MaxSplits(", ", 1));
    absl::string_view blocks = figures[0];
    if (parts.second.empty() || figures.size() != 2 ||
        !(absl::ConsumeSuffix(&blocks, " blocks") || absl::ConsumeSuffix(&blocks, " block")) ||
        !absl::SimpleAtod(blocks, &entry.blocks) || !std::isfinite(entry.blocks) ||
        entry.blocks < 0) {
      return Refuse("expected 'N blocks, SIZE per run: SITE'");
    }
    RETURN_IF_ERROR(Amount(figures[1], &entry));
    entry.comments = std::move(comments_);
    comments_.clear();
    auto& entries = entry.kept == KeptHow::kReachable ? baseline_.reachable : baseline_.entries;
    if (!entries.emplace(ParseSiteKey(parts.second), std::move(entry)).second)
      return Refuse("this site is already in the file");
    return absl::OkStatus();
  }

  // "4.1 KiB +- 300 B per run"
  absl::Status Amount(const std::string& text, BaselineEntry* entry) {
    const std::pair<std::string, std::string> amount =
        absl::StrSplit(text, absl::MaxSplits(" per ", 1));
    const std::pair<std::string, std::string> sizes =
        absl::StrSplit(amount.first, absl::MaxSplits(kDeviation, 1));
    RETURN_IF_ERROR(Size(sizes.first, &entry->bytes));
    if (!sizes.second.empty()) RETURN_IF_ERROR(Size(sizes.second, &entry->deviation.emplace()));
    if (amount.second != "run" && amount.second != "iteration")
      return Refuse("expected 'per run' or 'per iteration'");
    if (!(baseline_.entries.empty() && baseline_.reachable.empty()) &&
        amount.second != baseline_.unit)
      return Refuse("mixes 'per run' and 'per iteration'");
    baseline_.unit = amount.second;
    return absl::OkStatus();
  }

  absl::Status Refuse(absl::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(name_, ":", number_, ": ", why));
  }

  std::string name_;
  size_t number_ = 0;
  std::vector<std::string> comments_;
  Baseline baseline_;
};

std::string TitleOf(const Baseline& baseline) {
  std::string title = absl::StrCat(kTitle, baseline.runs);
  if (baseline.mode) absl::StrAppend(&title, ", ", CountModeText(*baseline.mode));
  if (baseline.interval == 1) absl::StrAppend(&title, ", ", kEveryBlock);
  if (baseline.interval > 1) absl::StrAppend(&title, ", ", kInterval, SizeText(baseline.interval));
  if (RoundedSize(baseline.freed_bytes) > 0)
    absl::StrAppend(&title, ", ", kFreed, SizeText(baseline.freed_bytes));
  return title;
}

const char* MarkOf(const BaselineEntry& entry) {
  switch (entry.kept) {
    case KeptHow::kLost:
      return kLost;
    case KeptHow::kReachable:
      return kReachable;
    case KeptHow::kUnknown:
      break;
  }
  return entry.leaks ? "" : kNoLeak;
}

}  // namespace

const char* CountModeText(CountMode mode) {
  switch (mode) {
    case CountMode::kGrown:
      return "what grew";
    case CountMode::kAtExit:
      return "what was never freed";
    case CountMode::kLost:
      break;
  }
  return "what was lost";
}

absl::StatusOr<Baseline> ParseBaseline(const std::string& text, const std::string& name) {
  return Parser(name).Parse(text);
}

std::string FormatBaseline(const Baseline& baseline) {
  std::string text = absl::StrCat(TitleOf(baseline), "\n", kAdvice, "\n");
  std::multimap<std::string, const BaselineEntry*> sorted;
  for (const auto* entries : {&baseline.entries, &baseline.reachable}) {
    for (const auto& [key, entry] : *entries) sorted.emplace(KeyText(key), &entry);
  }
  for (const auto& [site, entry] : sorted) {
    for (const std::string& comment : entry->comments) absl::StrAppend(&text, comment, "\n");
    const std::string blocks = absl::StrCat(Rounded(entry->blocks));
    absl::StrAppend(&text, blocks, blocks == "1" ? " block, " : " blocks, ",
                    SizeText(entry->bytes));
    if (entry->deviation) absl::StrAppend(&text, kDeviation, SizeText(*entry->deviation));
    absl::StrAppend(&text, " per ", baseline.unit, MarkOf(*entry), ": ", site, "\n");
  }
  return text;
}

}  // namespace leaktrack

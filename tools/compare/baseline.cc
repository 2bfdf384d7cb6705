// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/baseline.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr char kTitle[] = "# leaktrack baseline, runs: ";
constexpr char kAdvice[] =
    "# Known leaks: the gate fails on any other, and on these when they get worse. Comments stay "
    "with the line below.";

// Two digits: sampling and schedulers do not repeat the third.
double Rounded(double value) {
  if (value <= 0) return 0;
  const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
  return std::round(value / unit) * unit;
}

// In the unit it is written in, or each rewriting would shift it: 1100000 bytes are written 1 MiB.
double RoundedSize(double bytes) {
  double unit = 1;
  while (bytes / unit >= 1024) unit *= 1024;
  return Rounded(bytes / unit) * unit;
}

class Parser {
 public:
  explicit Parser(const std::string& name) : name_(SafeText(name)) {}

  absl::StatusOr<Baseline> Parse(const std::string& text) {
    if (absl::StripAsciiWhitespace(text).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_,
                       ": is empty; a baseline without leaks has a title line (write it with "
                       "--write-baseline)"));
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
    if (!absl::ConsumePrefix(&line, kTitle) || !absl::SimpleAtoi(line, &baseline_.runs) ||
        baseline_.runs == 0) {
      return Refuse(absl::StrCat("the first line must be '", kTitle, "N'"));
    }
    return absl::OkStatus();
  }

  // "12 blocks, 4.1 KiB per run: site"
  absl::Status Entry(const std::string& line) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    const std::vector<std::string> figures = absl::StrSplit(parts.first, absl::MaxSplits(", ", 1));
    BaselineEntry entry;
    absl::string_view blocks = figures[0];
    if (parts.second.empty() || figures.size() != 2 || !absl::ConsumeSuffix(&blocks, " blocks") ||
        !absl::SimpleAtod(blocks, &entry.blocks)) {
      return Refuse("expected 'N blocks, SIZE per run: SITE'");
    }
    const std::pair<std::string, std::string> amount =
        absl::StrSplit(figures[1], absl::MaxSplits(" per ", 1));
    const absl::StatusOr<uint64_t> bytes = ParseSize(amount.first);
    if (!bytes.ok()) return Refuse(bytes.status().message());
    if (amount.second != "run" && amount.second != "iteration")
      return Refuse("expected 'per run' or 'per iteration'");
    if (!baseline_.entries.empty() && amount.second != baseline_.unit)
      return Refuse("mixes 'per run' and 'per iteration'");
    baseline_.unit = amount.second;
    entry.bytes = static_cast<double>(*bytes);
    entry.comments = std::move(comments_);
    comments_.clear();
    if (!baseline_.entries.emplace(ParseSiteKey(parts.second), std::move(entry)).second)
      return Refuse("names a site a second time");
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

}  // namespace

absl::StatusOr<Baseline> ParseBaseline(const std::string& text, const std::string& name) {
  return Parser(name).Parse(text);
}

std::string FormatBaseline(const Baseline& baseline) {
  std::vector<std::string> lines;
  std::string text = absl::StrCat(kTitle, baseline.runs, "\n", kAdvice, "\n");
  std::map<std::string, const BaselineEntry*> sorted;
  for (const auto& [key, entry] : baseline.entries) sorted[KeyText(key)] = &entry;
  for (const auto& [site, entry] : sorted) {
    for (const std::string& comment : entry->comments) absl::StrAppend(&text, comment, "\n");
    absl::StrAppend(&text, Rounded(entry->blocks), " blocks, ",
                    FormatSize(RoundedSize(entry->bytes)), " per ", baseline.unit, ": ", site,
                    "\n");
  }
  return text;
}

}  // namespace leaktrack

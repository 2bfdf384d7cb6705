// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/columns.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/units.h"
#include "tools/report/words/growth_words.h"

namespace leaktrack {
namespace {

struct Unit {
  const char* name;
  double scale;
};
constexpr Unit kUnits[] = {
    {"TiB", 0x1p40}, {"GiB", 0x1p30}, {"MiB", 0x1p20}, {"KiB", 0x1p10}, {"B", 1}};
constexpr double kCarries = .99951;  // as FormatSize rounds

std::string Number(double value, bool whole) {
  const std::string digits = absl::StrFormat("%.*f", whole ? 0 : 1, std::abs(value));
  const size_t point = std::min(digits.find('.'), digits.size());
  std::string text = value < 0 ? "-" : "";
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i < point && (point - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::vector<double> ByTheMinute(std::vector<double> rates, bool minutes) {
  for (double& rate : rates) rate /= minutes ? 60 : 1;
  return rates;
}

}  // namespace

SizeColumn::SizeColumn(const std::vector<double>& bytes) {
  double most = 0;
  for (const double one : bytes) {
    if (std::isfinite(one)) most = std::max(most, std::abs(one));
  }
  for (const Unit& unit : kUnits) {
    unit_ = unit.name, scale_ = unit.scale;
    if (most / unit.scale >= kCarries) return;
  }
}

std::string SizeColumn::Text(double bytes) const {
  if (!std::isfinite(bytes)) return "unknown";
  const double value = bytes / scale_;
  const bool whole = scale_ == 1;
  if (bytes != 0 && !whole && std::abs(value) < .05) return absl::StrCat("< 0.1 ", unit_);
  return absl::StrCat(Number(value, whole), " ", unit_);
}

RateColumn::RateColumn(const std::vector<double>& bytes_per_hour)
    : minutes_(std::ranges::any_of(bytes_per_hour, CountsByTheMinute)),
      sizes_(ByTheMinute(bytes_per_hour, minutes_)) {}

std::string RateColumn::Text(double bytes_per_hour) const {
  return absl::StrCat(sizes_.Text(bytes_per_hour / (minutes_ ? 60 : 1)), minutes_ ? "/min" : "/h");
}

}  // namespace leaktrack

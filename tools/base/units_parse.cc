// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

using Wide = unsigned __int128;

struct UnitName {
  std::string_view name;  // lower case
  uint64_t scale;
};

// A bare "k" is 1024 as in the options of allocators and containers. "kB" is 1000 as in the SI.
constexpr std::array<UnitName, 26> kSizeUnits = {{{"", 1},
                                                  {"b", 1},
                                                  {"byte", 1},
                                                  {"bytes", 1},
                                                  {"k", 1ULL << 10},
                                                  {"ki", 1ULL << 10},
                                                  {"kib", 1ULL << 10},
                                                  {"kb", 1'000},
                                                  {"m", 1ULL << 20},
                                                  {"mi", 1ULL << 20},
                                                  {"mib", 1ULL << 20},
                                                  {"mb", 1'000'000},
                                                  {"g", 1ULL << 30},
                                                  {"gi", 1ULL << 30},
                                                  {"gib", 1ULL << 30},
                                                  {"gb", 1'000'000'000},
                                                  {"t", 1ULL << 40},
                                                  {"ti", 1ULL << 40},
                                                  {"tib", 1ULL << 40},
                                                  {"tb", 1'000'000'000'000},
                                                  {"p", 1ULL << 50},
                                                  {"pi", 1ULL << 50},
                                                  {"pib", 1ULL << 50},
                                                  {"pb", 1'000'000'000'000'000},
                                                  {"ei", 1ULL << 60},
                                                  {"eib", 1ULL << 60}}};
constexpr std::array<UnitName, 13> kTimeUnits = {{{"", 1'000},
                                                  {"ms", 1},
                                                  {"s", 1'000},
                                                  {"sec", 1'000},
                                                  {"m", 60'000},
                                                  {"min", 60'000},
                                                  {"h", 3'600'000},
                                                  {"hour", 3'600'000},
                                                  {"hours", 3'600'000},
                                                  {"d", 86'400'000},
                                                  {"day", 86'400'000},
                                                  {"days", 86'400'000},
                                                  {"w", 604'800'000}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void SkipSpaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// A decimal number as digits * 10^-decimals. No floating point: "18014398509481985" must survive.
struct Decimal {
  Wide digits = 0;
  uint64_t divisor = 1;
};

std::optional<Decimal> TakeNumber(std::string_view& text) {
  Decimal number;
  bool any = false, fraction = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() == '.' && !fraction) {
      fraction = true;
    } else if (!IsDigit(text.front())) {
      break;
    } else if (!fraction ||
               number.divisor < 1'000'000'000) {  // further decimals are below any unit
      number.digits = number.digits * 10 + static_cast<unsigned>(text.front() - '0');
      if (number.digits > std::numeric_limits<uint64_t>::max()) return std::nullopt;
      if (fraction) number.divisor *= 10;
      any = true;
    }
  }
  return any ? std::optional(number) : std::nullopt;
}

template <size_t N>
std::optional<uint64_t> TakeUnit(std::string_view& text, const std::array<UnitName, N>& units) {
  SkipSpaces(text);
  std::string name;
  for (; !text.empty() && IsLetter(text.front()); text.remove_prefix(1))
    name += static_cast<char>(text.front() | 0x20);
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const UnitName& u) { return u.name == name; });
  return unit == units.end() ? std::nullopt : std::optional(unit->scale);
}

// Number and unit, rounded to the nearest whole. nullopt: none found, or too large.
template <size_t N>
std::optional<uint64_t> TakeQuantity(std::string_view& text, const std::array<UnitName, N>& units) {
  SkipSpaces(text);
  const std::optional<Decimal> number = TakeNumber(text);
  if (!number) return std::nullopt;
  const std::optional<uint64_t> scale = TakeUnit(text, units);
  if (!scale) return std::nullopt;
  const Wide value = (number->digits * *scale + number->divisor / 2) / number->divisor;
  if (value > std::numeric_limits<uint64_t>::max()) return std::nullopt;
  return static_cast<uint64_t>(value);
}

absl::Status NotUnderstood(std::string_view text, const char* what, const char* examples) {
  return absl::InvalidArgumentError("'" + ShortenMiddle(SafeText(text), 60) + "' is not a " + what +
                                    "; write it like " + examples);
}

}  // namespace

absl::StatusOr<uint64_t> ParseSize(std::string_view text) {
  std::string_view rest = text;
  const std::optional<uint64_t> bytes = TakeQuantity(rest, kSizeUnits);
  SkipSpaces(rest);
  if (!bytes || !rest.empty()) return NotUnderstood(text, "size", "512KiB, 1.5GiB or 4096");
  return *bytes;
}

absl::StatusOr<uint64_t> ParseDurationMs(std::string_view text) {
  const absl::Status error = NotUnderstood(text, "duration", "90s, 2h, 500ms or 1h 30m");
  Wide total = 0;
  std::string_view rest = text;
  bool bare = false;
  for (int parts = 0; parts == 0 || !rest.empty(); ++parts) {
    if (bare) return error;  // "1 30": seconds and what?
    const size_t before = rest.size();
    const std::optional<uint64_t> part = TakeQuantity(rest, kTimeUnits);
    if (!part) return error;
    bare = !IsLetter(text[text.size() - rest.size() - 1]);
    if (bare && parts > 0) return error;
    if (before == rest.size()) return error;
    total += *part;
    SkipSpaces(rest);
  }
  if (total > std::numeric_limits<uint64_t>::max()) return error;
  return static_cast<uint64_t>(total);
}

absl::StatusOr<uint64_t> ParseRate(std::string_view text) {
  const absl::Status error = NotUnderstood(text, "rate", "10MiB/h or 3KiB/s");
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return error;
  const absl::StatusOr<uint64_t> bytes = ParseSize(text.substr(0, slash));
  std::string_view per = text.substr(slash + 1);
  const std::optional<uint64_t> period_ms = per.empty() ? std::nullopt : TakeUnit(per, kTimeUnits);
  SkipSpaces(per);
  if (!bytes.ok() || !period_ms || !per.empty()) return error;
  constexpr uint64_t kHourMs = 3'600'000;
  const Wide rate = (static_cast<Wide>(*bytes) * kHourMs + *period_ms / 2) / *period_ms;
  if (rate > std::numeric_limits<uint64_t>::max()) return error;
  return static_cast<uint64_t>(rate);
}

}  // namespace leaktrack

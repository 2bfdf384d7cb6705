// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include "tools/base/units.h"

namespace leaktrack {
namespace {

struct Unit {
  const char* name;
  uint64_t scale;
};

constexpr std::array<Unit, 7> kBinaryUnits = {{{"EiB", 1ULL << 60},
                                               {"PiB", 1ULL << 50},
                                               {"TiB", 1ULL << 40},
                                               {"GiB", 1ULL << 30},
                                               {"MiB", 1ULL << 20},
                                               {"KiB", 1ULL << 10},
                                               {"B", 1}}};
constexpr uint64_t kSecondMs = 1000, kMinuteMs = 60 * kSecondMs, kHourMs = 60 * kMinuteMs,
                   kDayMs = 24 * kHourMs;
constexpr std::array<Unit, 5> kTimeUnits = {
    {{"d", kDayMs}, {"h", kHourMs}, {"m", kMinuteMs}, {"s", kSecondMs}, {"ms", 1}}};

// One decimal below 100, none above, and no ".0".
std::string ThreeDigits(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", std::abs(value) < 99.95 ? 1 : 0, value);
  std::string result = text;
  if (result.ends_with(".0")) result.resize(result.size() - 2);
  return result == "-0" ? "0" : result;
}

template <size_t N>
std::string LargestDividingUnit(uint64_t value, const std::array<Unit, N>& units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.scale == 0)
      return std::to_string(value / unit.scale) + unit.name;
  }
  return std::string("0") + units.back().name;
}

// "1h 30m": two neighbouring units, the smaller left out when it is 0.
std::string TwoUnits(uint64_t value, uint64_t scale, const char* unit, uint64_t small_scale,
                     const char* small_unit) {
  // Rounded before splitting, so that 1h 59m 59s is 2h and never 1h 60m.
  value = (value + small_scale / 2) / small_scale * small_scale;
  std::string text = FormatCount(value / scale) + unit;
  const uint64_t rest = value % scale / small_scale;
  if (rest != 0) text += " " + std::to_string(rest) + small_unit;
  return text;
}

}  // namespace

std::string FormatSize(double bytes) {
  if (!std::isfinite(bytes)) return "unknown";
  for (const Unit& unit : kBinaryUnits) {
    const double value = bytes / static_cast<double>(unit.scale);
    // 1023.6 KiB would print as "1024 KiB": the next unit starts where rounding would carry.
    if (std::abs(value) >= 0.99951 || unit.scale == 1) return ThreeDigits(value) + " " + unit.name;
  }
  return "unknown";
}

std::string FormatDuration(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  if (seconds < 0) return "-" + FormatDuration(-seconds);
  if (seconds < 0.9995) return seconds == 0 ? "0s" : ThreeDigits(seconds * 1000) + "ms";
  if (seconds < 59.95) return ThreeDigits(seconds) + "s";
  if (seconds > 1e15) return "forever";
  const auto ms = static_cast<uint64_t>(std::llround(seconds * 1000));
  if (ms < kHourMs - kSecondMs / 2) return TwoUnits(ms, kMinuteMs, "m", kSecondMs, "s");
  if (ms < kDayMs - kMinuteMs / 2) return TwoUnits(ms, kHourMs, "h", kMinuteMs, "m");
  return TwoUnits(ms, kDayMs, "d", kHourMs, "h");
}

std::string FormatRate(double bytes_per_hour) {
  return std::isfinite(bytes_per_hour) ? FormatSize(bytes_per_hour) + "/h" : "unknown";
}

std::string FormatCount(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string SizeOption(uint64_t bytes) { return LargestDividingUnit(bytes, kBinaryUnits); }
std::string DurationOption(uint64_t milliseconds) {
  return milliseconds == 0 ? "0s" : LargestDividingUnit(milliseconds, kTimeUnits);
}
std::string RateOption(uint64_t bytes_per_hour) { return SizeOption(bytes_per_hour) + "/h"; }

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
//
// Sizes, durations and rates as people write and read them. One notation everywhere: binary units,
// and their binary names.
//
//   for readers, rounded to three digits:  FormatSize 2.5 MiB    FormatDuration 1h 30m
//                                                                FormatRate 12.4 MiB/h
//   for options, exact:                    SizeOption 512KiB     DurationOption 90s
//                                                                RateOption 64MiB/h
//
// Parsers accept both, so text from a report can be pasted into an option: "2.5 MiB", "512KiB",
// "512k", "64", "90s", "1h 30m", "1.5h", "500ms", "10MiB/h", "3KiB/s". kB and MB mean 1000s, as
// the SI says. A bare K or M means KiB or MiB, as in every allocator's options. Option forms parse
// back to the same value.
// Refused, with a message that says what is accepted: negative numbers, NaN, unknown units,
// trailing text, more than 2^64 - 1.
#ifndef LEAKTRACK_TOOLS_BASE_UNITS_H_
#define LEAKTRACK_TOOLS_BASE_UNITS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace leaktrack {

std::string FormatSize(double bytes);           // "2.5 MiB", "-3 KiB", "17 B"
std::string FormatDuration(double seconds);     // "1h 30m", "90s" is "1m 30s", "250ms"
std::string FormatRate(double bytes_per_hour);  // "12.4 MiB/h"
std::string FormatCount(uint64_t count);        // "1,234,567"

std::string SizeOption(uint64_t bytes);  // in the largest unit that divides it: "512KiB", "1000B"
std::string DurationOption(uint64_t milliseconds);  // "90s", "2h", "1500ms"
std::string RateOption(uint64_t bytes_per_hour);    // "64MiB/h"

absl::StatusOr<uint64_t> ParseSize(std::string_view text);  // bytes
absl::StatusOr<uint64_t> ParseDurationMs(
    std::string_view text);  // milliseconds; a bare number is seconds
absl::StatusOr<uint64_t> ParseRate(
    std::string_view text);  // bytes per hour; "/s", "/m", "/h", "/d"

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_UNITS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what people write: the environment's options, sizes, durations and rates; and names that
// are printed.
//
// The same bytes go to every reader. Checked beside "no crash": the text of an option reads back as
// the same value, by the tools and, for sizes that can be intervals, by the library. And SafeText
// returns only safe text.
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "libtrack/runtime/options.h"
#include "tests/fuzz/require.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/symbolize/demangle.h"

namespace {

constexpr uint64_t kMostInterval = uint64_t{1} << 40;

void ReadSizes(std::string_view text) {
  leaktrack::track::ParseSize(text);
  if (const auto size = leaktrack::ParseSize(text); size.ok()) {
    const std::string option = leaktrack::SizeOption(*size);
    Require(leaktrack::ParseSize(option).value() == *size);
    if (*size > 0 && *size <= kMostInterval) Require(leaktrack::track::ParseSize(option) == *size);
    leaktrack::FormatSize(static_cast<double>(*size));
  }
  if (const auto duration = leaktrack::ParseDurationMs(text); duration.ok()) {
    Require(leaktrack::ParseDurationMs(leaktrack::DurationOption(*duration)).value() == *duration);
    leaktrack::FormatDuration(static_cast<double>(*duration) / 1000);
  }
  if (const auto rate = leaktrack::ParseRate(text); rate.ok()) {
    Require(leaktrack::ParseRate(leaktrack::RateOption(*rate)).value() == *rate);
    leaktrack::FormatRate(static_cast<double>(*rate));
  }
}

void ReadEnvironment(const std::string& value) {
  for (const char* name :
       {"LEAKTRACK_INTERVAL=", "LEAKTRACK_OUT=", "LEAKTRACK_THREAD=", "LEAKTRACK_UNWINDER=",
        "LEAKTRACK_CHILDREN=", "LEAKTRACK_BIRTH=", "LEAKTRACK_RUN=", ""}) {
    const std::string entry = name + value;
    const char* const environment[] = {entry.c_str(), nullptr};
    const auto options = leaktrack::track::ReadOptions(environment);
    Require(memchr(options.problem, 0, sizeof(options.problem)) != nullptr);
    Require(memchr(options.out_directory, 0, sizeof(options.out_directory)) != nullptr);
    Require(options.interval_bytes <= kMostInterval);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ReadSizes(text);
  ReadEnvironment(text);
  const std::string safe = leaktrack::SafeText(text);
  Require(leaktrack::SafeText(safe) == safe);
  leaktrack::ShortenMiddle(safe, 20);
  leaktrack::SafeText(leaktrack::Demangle(text));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/options.h"

#include "libtrack/platform/os/text.h"

namespace leaktrack::track {
namespace {

std::string_view Find(const char* const* environment, std::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry(*environment);
    if (entry.size() > name.size() && StartsWith(entry, name) && entry[name.size()] == '=') {
      return From(entry, name.size() + 1);
    }
  }
  return {};
}

void Complain(Options& options, std::string_view variable, std::string_view value,
              std::string_view expected) {
  if (options.problem[0] != 0) return;  // one line is enough
  Text(options.problem)
      .Add("leaktrack: ")
      .Add(variable)
      .Add("=")
      .AddSafely(AtMost(value, 64))
      .Add(" is not understood, the default is used; expected ")
      .Add(expected)
      .Add("\n");
}

void ReadInterval(Options& options, std::string_view value) {
  if (value.empty() || value == "auto") return;
  if (value == "exact") {
    options.interval_bytes = kExactInterval;
    return;
  }
  const uint64_t bytes = ParseSize(value);
  if (bytes == 0 || bytes > (uint64_t{1} << 40)) {
    Complain(options, "LEAKTRACK_INTERVAL", value, "auto, exact, or a size such as 512KiB");
  } else {
    options.interval_bytes = bytes;
  }
}

void ReadOut(Options& options, std::string_view value) {
  if (Text(options.out_directory).Add(value).cut()) {
    options.out_directory[0] = 0;
    Complain(options, "LEAKTRACK_OUT", value, "a path of at most 895 bytes");
  }
}

void ReadChoice(Options& options, std::string_view variable, std::string_view value,
                std::string_view off, std::string_view on, bool& chosen) {
  if (value.empty()) return;
  if (value == on || value == off) {
    chosen = value == on;
  } else {
    char expected[64];
    Text(expected).Add(off).Add(" or ").Add(on);
    Complain(options, variable, value, expected);
  }
}

void ReadChildren(Options& options, std::string_view value) {
  if (value == "all") return;
  if (!Text(options.children).Add(value).cut()) return;
  options.children[0] = 0;
  Complain(options, "LEAKTRACK_CHILDREN", value, "all, none, or a pattern of at most 63 bytes");
}

void ReadRun(Options& options, std::string_view value) {
  if (value.empty()) return;
  options.run_pid = ParseSize(value);
  if (options.run_pid == 0)
    Complain(options, "LEAKTRACK_RUN", value, "nothing (leaktrack run sets it)");
}

void ReadHold(Options& options, std::string_view value) {
  if (!Text(options.hold_address).Add(value).cut()) return;
  options.hold_address[0] = 0;
  Complain(options, "LEAKTRACK_HOLD", value, "nothing (leaktrack gate sets it)");
}

}  // namespace

uint64_t ParseSize(std::string_view text) {
  uint64_t value = 0;
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (value > (uint64_t{1} << 50)) return 0;
    value = value * 10 + static_cast<uint64_t>(text[digits++] - '0');
  }
  if (digits == 0) return 0;
  const std::string_view unit = From(text, digits);
  unsigned shift = 0;
  if (unit == "KiB" || unit == "K" || unit == "k") {
    shift = 10;
  } else if (unit == "MiB" || unit == "M") {
    shift = 20;
  } else if (unit == "GiB" || unit == "G") {
    shift = 30;
  } else if (unit == "TiB" || unit == "T") {
    shift = 40;
  } else if (!unit.empty() && unit != "B") {
    return 0;
  }
  return value <= UINT64_MAX >> shift ? value << shift : 0;
}

bool MatchesPattern(std::string_view name, std::string_view pattern) {
  size_t at = 0, in_name = 0;
  size_t star = pattern.size(), kept = 0;  // where to go on after a mismatch
  while (in_name < name.size()) {
    const char wanted = at < pattern.size() ? pattern.data()[at] : '\0';
    if (at < pattern.size() && wanted == '*') {
      star = ++at;
      kept = in_name;
      if (star == pattern.size()) return true;
    } else if (at < pattern.size() && (wanted == '?' || wanted == name.data()[in_name])) {
      ++at;
      ++in_name;
    } else if (star == pattern.size()) {
      return false;
    } else {
      at = star;
      in_name = ++kept;
    }
  }
  while (at < pattern.size() && pattern.data()[at] == '*') ++at;
  return at == pattern.size();
}

Options ReadOptions(const char* const* environment) {
  Options options;
  ReadOut(options, Find(environment, "LEAKTRACK_OUT"));
  ReadInterval(options, Find(environment, "LEAKTRACK_INTERVAL"));
  ReadChoice(options, "LEAKTRACK_UNWINDER", Find(environment, "LEAKTRACK_UNWINDER"), "cfi",
             "libunwind", options.use_libunwind);
  ReadChoice(options, "LEAKTRACK_THREAD", Find(environment, "LEAKTRACK_THREAD"), "0", "1",
             options.use_thread);
  ReadChoice(options, "LEAKTRACK_BIRTH", Find(environment, "LEAKTRACK_BIRTH"), "late", "early",
             options.born_early);
  ReadChildren(options, Find(environment, "LEAKTRACK_CHILDREN"));
  ReadHold(options, Find(environment, "LEAKTRACK_HOLD"));
  ReadRun(options, Find(environment, "LEAKTRACK_RUN"));
  return options;
}

}  // namespace leaktrack::track

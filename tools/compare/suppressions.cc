// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/suppressions.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/analysis/blame/wrappers.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

// The number of frames, from the leaf on, up to the first frame of the program.
size_t FramesOfTheRunTimes(const CallStack& stack) {
  size_t end = 0;
  for (const ResolvedFrame& frame : stack) {
    const std::string_view file =
        std::string_view(frame.module).substr(frame.module.rfind('/') + 1);
    if (!file.empty() && !IsRuntimeModule(file)) break;
    ++end;
  }
  return end;
}

}  // namespace

bool FrameMatches(std::string_view pattern, const ResolvedFrame& frame) {
  const auto found = [&](const std::string& text) {
    return !text.empty() && PatternFound(pattern, text);
  };
  return found(frame.function) || found(frame.file) || found(frame.module);
}

bool PatternFound(std::string_view pattern, std::string_view text) {
  const bool pinned = !pattern.empty() && pattern.front() == '^';
  if (pinned) pattern.remove_prefix(1);
  const bool to_end = !pattern.empty() && pattern.back() == '$';
  if (to_end) pattern.remove_suffix(1);
  bool anywhere = !pinned;  // the next piece may begin later than here
  while (true) {
    const size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    if (star == std::string_view::npos && to_end) {
      return anywhere ? text.ends_with(piece) : text == piece;
    }
    const size_t at = anywhere                  ? text.find(piece)
                      : text.starts_with(piece) ? 0
                                                : std::string_view::npos;
    if (at == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    text.remove_prefix(at + piece.size());
    pattern.remove_prefix(star + 1);
    anywhere = true;
  }
}

absl::Status Suppressions::Add(std::string_view text, const std::string& name,
                               const std::string& module) {
  if (!module.empty()) modules_.insert(module);
  size_t number = 0;
  for (const absl::string_view raw :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    const std::string line(absl::StripAsciiWhitespace(raw));
    if (line.empty() || line[0] == '#') continue;
    const std::string where = absl::StrCat(SafeText(name), ":", number);
    const size_t colon = line.find(':');
    if (colon == std::string::npos || colon + 1 == line.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          where, ": '", SafeText(line), "' is not a suppression; expected leak:PATTERN"));
    }
    if (line.substr(0, colon) != "leak") {
      notes_.push_back(
          absl::StrCat(where, ": '", SafeText(line), "' is not about leaks and was ignored"));
      continue;
    }
    entries_.push_back({line.substr(colon + 1), where, module, false, false});
  }
  return absl::OkStatus();
}

void Suppressions::AddBuiltIn() {
  constexpr const char* kByDesign[] = {"_IO_file_doallocate",
                                       "^_dl_",
                                       "^__gconv_",
                                       "^setlocale",
                                       "^bindtextdomain",
                                       "^__libc_setlocale",
                                       "^allocate_dtv",
                                       "^tzset",
                                       "^__tz",
                                       "^(anonymous namespace)::pool::pool",
                                       "^__gnu_cxx::__freeres",
                                       "*ld-linux-x86-64.so.2$"};
  for (const char* pattern : kByDesign) entries_.push_back({pattern, "built in", "", false, true});
}

bool Suppressions::Covers(const CallStack& stack, const std::set<std::string>& modules) {
  const size_t own = FramesOfTheRunTimes(stack);
  for (Entry& entry : entries_) {
    if (!entry.module.empty() && !modules.contains(entry.module)) continue;
    const auto covered = [&](const ResolvedFrame& frame) {
      return FrameMatches(entry.pattern, frame);
    };
    const auto end = entry.built_in ? stack.begin() + static_cast<ptrdiff_t>(own) : stack.end();
    if (!std::any_of(stack.begin(), end, covered)) continue;
    entry.used = true;
    return true;
  }
  return false;
}

std::vector<std::string> Suppressions::Unused() const {
  std::vector<std::string> unused;
  for (const Entry& entry : entries_) {
    if (!entry.used && !entry.built_in)
      unused.push_back(absl::StrCat(entry.where, ": leak:", SafeText(entry.pattern)));
  }
  return unused;
}

}  // namespace leaktrack

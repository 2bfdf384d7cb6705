// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/wrappers.h"

#include <algorithm>
#include <array>
#include <vector>

#include "libtrack/capture/allocators.h"
#include "tools/analysis/blame/known_code.h"

namespace leaktrack {
namespace {

// The lines of one kind, by the first letter of their patterns; those without one are in the last
// list.
class Lines {
 public:
  explicit Lines(KnownAs as) {
    for (const KnownCode& line : KnownCodeTable()) {
      if (line.as == as) by_letter_[IndexOf(line.pattern.front())].push_back(line.pattern);
    }
  }

  bool Match(std::string_view name) const {
    return !name.empty() &&
           (AnyOf(by_letter_[IndexOf(name.front())], name) || AnyOf(by_letter_[kAny], name));
  }

 private:
  static constexpr size_t kAny = 256;
  static size_t IndexOf(char letter) {
    return letter == '*' ? kAny : static_cast<unsigned char>(letter);
  }
  static bool AnyOf(const std::vector<std::string_view>& patterns, std::string_view name) {
    return std::ranges::any_of(
        patterns, [&](std::string_view pattern) { return MatchesPattern(name, pattern); });
  }

  std::array<std::vector<std::string_view>, kAny + 1> by_letter_;
};

// What GCC and clang append to the names of the copies and pieces that they make of a function.
constexpr std::string_view kCloneMarks[] = {
    " [clone",    ".constprop.", ".isra.",   ".part.", ".cold",
    ".lto_priv.", ".llvm.",      ".__uniq.", "@@",     "@"};

std::string_view OwnName(std::string_view name) {
  const size_t scope = name.rfind("::");
  return scope == std::string_view::npos ? name : name.substr(scope + 2);
}

bool IsLinkedAllocatorName(std::string_view name) {
  return std::ranges::any_of(capture::kAllocators, [&](const capture::AllocatorFacts& one) {
    return std::ranges::any_of(one.functions, [&](std::string_view pattern) {
      return !pattern.empty() && MatchesPattern(name, pattern);
    });
  });
}

// A mark that does not end in a dot is a whole word: Go's main.coldStart is no piece of main.
size_t FindMark(std::string_view name, std::string_view mark) {
  const auto word_goes_on = [&](size_t end) {
    return mark.front() == '.' && mark.back() != '.' && end < name.size() && name[end] != '.' &&
           name[end] != ' ' && name[end] != ']';
  };
  for (size_t at = name.find(mark); at != std::string_view::npos; at = name.find(mark, at + 1)) {
    if (at > 0 && !word_goes_on(at + mark.size())) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view WithoutVersion(std::string_view program) {
  const size_t last = program.find_last_not_of("0123456789.-");
  return last == std::string_view::npos ? program : program.substr(0, last + 1);
}

std::string_view WithoutCloneMarks(std::string_view name) {
  if (name.find_first_of("[.@") == std::string_view::npos) return name;
  for (const std::string_view mark : kCloneMarks) {
    const size_t at = FindMark(name, mark);
    if (at != std::string_view::npos) name = name.substr(0, at);
  }
  return name;
}

bool MatchesPattern(std::string_view name, std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  return rest.empty() ||
         (rest.ends_with('*') ? name.find(rest.substr(0, rest.size() - 1)) != std::string_view::npos
                              : name.ends_with(rest));
}

bool IsAllocatorName(std::string_view name) {
  static const Lines family(KnownAs::kFamily), allocators(KnownAs::kAllocator);
  name = WithoutCloneMarks(name);
  return family.Match(OwnName(name)) || allocators.Match(name) || IsLinkedAllocatorName(name);
}

bool IsWrapperName(std::string_view name) {
  static const Lines containers(KnownAs::kContainer);
  return IsAllocatorName(name) || containers.Match(WithoutCloneMarks(name));
}

bool IsLoopName(std::string_view name) {
  static const Lines loops(KnownAs::kLoop);
  return loops.Match(WithoutCloneMarks(name));
}

bool IsRuntimeModule(std::string_view file_name) {
  static const Lines files(KnownAs::kRuntimeFile);
  return files.Match(file_name) ||
         capture::AllocatorOfLibrary(file_name) != capture::Allocator::kUnknown;
}

bool IsKnownLibrary(std::string_view file_name) {
  static const Lines files(KnownAs::kLibraryFile);
  return files.Match(file_name);
}

bool IsHost(std::string_view file_name) {
  static const Lines files(KnownAs::kHostFile);
  return files.Match(file_name) || files.Match(WithoutVersion(file_name));
}

}  // namespace leaktrack

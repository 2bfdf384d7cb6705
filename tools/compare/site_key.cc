// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/site_key.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/wrappers.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

constexpr char kSeparator[] = " < ";
constexpr size_t kShortBuildId = 12;

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// "{lambda()#2}" -> "{lambda()}": the number depends on other code in the file. Also removes
// Rust's "::h0123456789abcdef".
std::string WithoutNumbering(std::string_view name) {
  constexpr size_t kRustHash = 19;
  if (name.size() > kRustHash && name.substr(name.size() - kRustHash, 3) == "::h" &&
      std::all_of(name.end() - 16, name.end(),
                  [](unsigned char c) { return std::isxdigit(c) != 0; })) {
    name.remove_suffix(kRustHash);
  }
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '#' && i + 1 < name.size() && IsDigit(name[i + 1])) {
      while (i + 1 < name.size() && IsDigit(name[i + 1])) ++i;
      continue;
    }
    text += name[i];
  }
  return text;
}

// "/usr/lib/libruby-3.1.so.3.1.7" -> "libruby-3.1.so".
std::string LibraryName(std::string_view module) {
  std::string_view name = module.substr(module.rfind('/') + 1);
  const size_t version = name.find(".so.");
  if (version != std::string_view::npos) name = name.substr(0, version + 3);
  return name.empty() ? "(code without a file)" : std::string(name);
}

// The name of a file that a plugin was copied to does not identify the plugin.
std::string NamelessInKey(const ResolvedFrame& frame, const OwnCode& own) {
  const bool known_by_file =
      own.executable().empty() || frame.module == own.executable() || !own.Owns(frame);
  if (known_by_file || frame.build_id.empty())
    return SafeText(absl::StrCat("(", LibraryName(frame.module), ")"));
  return SafeText(absl::StrCat("(", frame.build_id.substr(0, kShortBuildId), "+0x",
                               absl::Hex(frame.offset), ")"));
}

}  // namespace

std::string NameInKey(const ResolvedFrame& frame, const OwnCode& own) {
  if (frame.function.empty()) return NamelessInKey(frame, own);
  std::string name = SafeText(WithoutNumbering(QualifiedName(WithoutCloneMarks(frame.function))));
  return name.empty() ? SafeText(frame.function) : name;
}

SiteKey MakeSiteKey(const CallStack& stack, size_t blame, const OwnCode& own) {
  SiteKey key;
  const size_t end = FramesOfTheProgram(stack, blame);
  for (size_t i = blame; i < end; ++i) {
    std::string name = NameInKey(stack[i], own);
    if (key.empty() || key.back() != name) key.push_back(std::move(name));
  }
  if (key.empty()) key.emplace_back("(no stack)");
  return key;
}

std::string KeyText(const SiteKey& key) { return absl::StrJoin(key, kSeparator); }

SiteKey ParseSiteKey(const std::string& text) { return absl::StrSplit(text, kSeparator); }

SiteKey Suffix(const SiteKey& key, size_t depth) {
  return {key.begin(), key.begin() + static_cast<ptrdiff_t>(std::min(depth, key.size()))};
}

}  // namespace leaktrack

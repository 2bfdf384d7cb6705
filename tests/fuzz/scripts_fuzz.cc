// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of start scripts and of command lines. The same bytes are a script, and the
// words of a command. Held beside "no crash": findings are few and name a line that there is; the
// chain of wrappers begins with the first word and is no longer than the command.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/fuzz/require.h"
#include "tools/inspect/script_checks.h"

namespace {

using namespace leaktrack;  // NOLINT

constexpr size_t kMostWords = 64;

void ReadScript(const std::string& text) {
  const size_t lines = 1 + static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  const Findings findings = CheckScriptText(text);
  Require(findings.size() <= lines);
  for (const Finding& finding : findings) {
    Require(finding.what.starts_with("line "));
    Require(std::stoul(finding.what.substr(5)) <= lines);
  }
}

void ReadCommand(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ' && words.size() < kMostWords)
      words.emplace_back();
    else if (c != '\0')
      words.back() += c;
  }
  const CommandChain chain = FollowWrappers(words);
  Require(!chain.programs.empty() && chain.programs.size() <= words.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ReadScript(text);
  ReadCommand(text);
  return 0;
}

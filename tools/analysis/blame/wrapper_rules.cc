// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/wrapper_rules.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/wrappers.h"

namespace leaktrack {
namespace {

constexpr size_t kMinCallers = 50, kMinCallersOfNameless = 8;
constexpr double kMinShare = .05;
constexpr double kMostKeepers = .5;
constexpr int kMostLayers = 4;

}  // namespace

std::string FunctionKey(const ResolvedFrame& frame) {
  return frame.function.empty() ? absl::StrCat(ModuleIdentity(frame), "+", frame.offset)
                                : absl::StrCat(ModuleIdentity(frame), " ", frame.function);
}

bool WrapperRules::Match(const ResolvedFrame& frame) const {
  if (!learned_.empty() && learned_.contains(FunctionKey(frame))) return true;
  if (patterns_.empty() || frame.function.empty()) return false;
  const std::string_view name = QualifiedName(frame.function);
  return std::ranges::any_of(
      patterns_, [&](const std::string& pattern) { return MatchesPattern(name, pattern); });
}

bool WrapperRules::LearnOneLayer(const std::vector<Seen>& stacks, const OwnCode& own,
                                 double all_samples) {
  struct Function {
    std::map<std::string, bool> callers;  // does it keep what it gets?
    double samples = 0;
    bool nameless = false;
  };
  std::map<std::string, Function> functions;
  for (const Seen& seen : stacks) {
    const size_t blame = BlameIndex(*seen.stack, *this, own);
    if (blame + 1 >= seen.stack->size()) continue;
    Function& function = functions[FunctionKey((*seen.stack)[blame])];
    function.callers[FunctionKey((*seen.stack)[blame + 1])] |= seen.keeps;
    function.samples += seen.samples;
    function.nameless = (*seen.stack)[blame].function.empty();
  }
  bool learned = false;
  for (const auto& [key, function] : functions) {
    if (function.callers.size() < (function.nameless ? kMinCallersOfNameless : kMinCallers) ||
        function.samples <= kMinShare * all_samples)
      continue;
    const auto keepers =
        std::ranges::count_if(function.callers, [](const auto& caller) { return caller.second; });
    if (static_cast<double>(keepers) > kMostKeepers * static_cast<double>(function.callers.size()))
      continue;
    learned |= learned_.insert(key).second;
  }
  return learned;
}

void WrapperRules::Learn(const std::vector<Seen>& stacks, const OwnCode& own) {
  double all_samples = 0;
  for (const Seen& seen : stacks) all_samples += seen.samples;
  int layers = 0;
  while (layers < kMostLayers && LearnOneLayer(stacks, own, all_samples)) ++layers;
}

}  // namespace leaktrack

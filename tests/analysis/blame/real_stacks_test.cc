// SPDX-License-Identifier: Apache-2.0
//
// Stacks of Debian's own programs, as they were recorded, against what a person said of them:
// tests/golden/blame/stacks.txt, which tells how to read it.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"

namespace leaktrack {
namespace {

constexpr size_t kFewest = 60;
constexpr double kRight = .95, kBest = .9;

struct RealStack {
  std::string program, executable;
  size_t truth = 0;
  std::optional<size_t> also_right;
  CallStack::Frames frames;
};

std::vector<RealStack> Read() {
  std::ifstream file(LEAKTRACK_STACKS);
  std::vector<RealStack> stacks;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line.substr(1));
    if (line[0] != ' ') {
      RealStack& stack = stacks.emplace_back();
      std::istringstream(line) >> stack.program >> stack.executable;
      continue;
    }
    ResolvedFrame frame;
    std::string offset;
    words >> frame.module >> offset;
    frame.offset = std::stoull(offset, nullptr, 16);
    if (frame.module == "-") frame.module.clear();
    std::getline(words >> std::ws, frame.function);
    RealStack& stack = stacks.back();
    const char mark = line[1];
    if (mark == '*') stack.truth = stack.frames.size();
    if (mark == '+') stack.also_right = stack.frames.size();
    if (mark == '*' || mark == '+') frame.module.erase(0, 1);
    stack.frames.push_back(frame);
  }
  return stacks;
}

TEST(RealStacksTest, TheProgramsOwnFunctionIsBlamedInNineteenOfTwenty) {
  const std::vector<RealStack> stacks = Read();
  ASSERT_GE(stacks.size(), kFewest);
  size_t right = 0, best = 0;
  std::string wrong;
  for (const RealStack& one : stacks) {
    const CallStack stack(one.frames);
    const size_t blame = BlameIndex(stack, {}, OwnCode(one.executable));
    best += blame == one.truth;
    if (blame == one.truth || blame == one.also_right) {
      ++right;
      continue;
    }
    absl::StrAppend(&wrong, "  ", one.program, ": ", DisplayName(stack[blame]), ", not ",
                    DisplayName(stack[one.truth]), "\n");
  }
  const auto all = static_cast<double>(stacks.size());
  std::cout << "blamed right: " << right << " of " << stacks.size() << ", the best answer: " << best
            << "\n"
            << wrong;
  EXPECT_GE(static_cast<double>(right) / all, kRight) << wrong;
  EXPECT_GE(static_cast<double>(best) / all, kBest);
}

}  // namespace
}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/call_stack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace leaktrack {
namespace {

ResolvedFrame Named(const std::string& function) { return {.function = function}; }

// Address n is the function "fn". At odd addresses "in" is inlined into it.
class MadeSymbolizer : public Symbolizer {
 public:
  void Prepare(std::span<const capture::Frame>) override {}
  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    ++asked;
    resolved_.clear();
    if (frame % 2 == 1) resolved_.push_back(Named("i" + std::to_string(frame)));
    resolved_.push_back(Named("f" + std::to_string(frame)));
    return resolved_;
  }
  std::vector<MissingSymbols> missing() const override { return {}; }
  int asked = 0;

 private:
  std::vector<ResolvedFrame> resolved_;
};

std::string Text(const CallStack& stack) {
  std::string text;
  for (const ResolvedFrame& frame : stack) text += frame.function + " ";
  return text;
}

TEST(CallStackTest, ReadsLikeASequenceOfFrames) {
  const CallStack stack = {Named("leaf"), Named("main")};
  EXPECT_EQ(stack.size(), 2u);
  EXPECT_EQ(stack[1].function, "main");
  EXPECT_EQ(Text(stack), "leaf main ");
  EXPECT_EQ(std::find_if(stack.begin(), stack.end(),
                         [](const auto& frame) { return frame.function == "main"; }) -
                stack.begin(),
            1);
  EXPECT_TRUE(CallStack().empty());
  EXPECT_EQ(Text({}), "");
}

TEST(CallStackTest, ItsInnerPartIsNeverLongerThanItself) {
  const CallStack stack = {Named("leaf"), Named("middle"), Named("main")};
  EXPECT_EQ(Text(stack.Inner(2)), "leaf middle ");
  EXPECT_EQ(Text(stack.Inner(9)), "leaf middle main ");
}

TEST(CallStackTest, AChangeIsItsOwn) {
  CallStack stack = {Named("leaf"), Named("main")};
  const CallStack before = stack;
  stack.Change([](CallStack::Frames& frames) {
    frames[0].function = "changed", frames.push_back(Named("start"));
  });
  EXPECT_EQ(Text(stack), "changed main start ");
  EXPECT_EQ(Text(before), "leaf main ");
}

TEST(CallStackTest, APoolNamesEachCallSiteOnceWithWhatWasInlined) {
  MadeSymbolizer symbolizer;
  CallStackPool pool(symbolizer);
  const capture::Frame one[] = {2, 3, 4}, other[] = {5, 3, 4};
  const CallStack a = pool.Resolve(one), b = pool.Resolve(other);
  EXPECT_EQ(Text(a), "f2 i3 f3 f4 ");
  EXPECT_EQ(Text(b), "i5 f5 i3 f3 f4 ");
  EXPECT_EQ(symbolizer.asked, 4);
  EXPECT_EQ(a.numbers()[3], b.numbers()[4]);
  EXPECT_EQ(pool.frames().size(), 6u);
}

TEST(CallStackTest, StacksOutliveThePoolThatMadeThem) {
  MadeSymbolizer symbolizer;
  std::optional<CallStackPool> pool(symbolizer);
  const capture::Frame frames[] = {2, 3};
  const CallStack stack = pool->Resolve(frames);
  pool.reset();
  EXPECT_EQ(Text(stack), "f2 i3 f3 ");
}

}  // namespace
}  // namespace leaktrack

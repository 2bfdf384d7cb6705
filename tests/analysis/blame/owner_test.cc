// SPDX-License-Identifier: Apache-2.0
//
// Whose leak it is: the program's own function below libraries, the owner behind an allocator of
// the program's own, and one site wherever its module was loaded from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/analysis/one_site.h"
#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/wrapper_rules.h"

namespace leaktrack {
namespace {

using testing::kForever;
using testing::kHour;
using testing::Program;

const std::string kApp = "/opt/app/bin/app", kLibc = "/lib/x86_64-linux-gnu/libc.so.6";
const std::string kGLib = "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0.7400.6";
const std::string kOther = "/usr/lib/x86_64-linux-gnu/libother.so.1";

ResolvedFrame In(const std::string& module, const std::string& function, uint64_t offset = 0x10) {
  ResolvedFrame frame;
  frame.function = function;
  frame.module = module;
  frame.offset = offset;
  return frame;
}

std::string Blamed(const CallStack& stack) {
  return DisplayName(stack[BlameIndex(stack, {}, OwnCode(kApp))]);
}

TEST(OwnerTest, TheProgramsFunctionIsBlamedBelowAnyNumberOfLibraryFunctions) {
  EXPECT_EQ(Blamed({In(kLibc, "malloc"), In(kGLib, "g_malloc"), In(kGLib, "g_error_new_valist"),
                    In(kGLib, "g_set_error"), In(kGLib, "g_ascii_string_to_unsigned"),
                    In(kApp, "parse_limit"), In(kApp, "main")}),
            "parse_limit");
  EXPECT_EQ(Blamed({In(kOther, "deep"), In(kOther, ""), In(kOther, "open"), In(kApp, "Serve()"),
                    In(kApp, "main")}),
            "Serve()");
}

TEST(OwnerTest, AFunctionOfTheProgramWithoutANameIsStillTheOneThatAsked) {
  EXPECT_EQ(Blamed({In(kOther, "open"), In(kApp, "", 0x77), In(kLibc, "__libc_start_call_main")}),
            "app+0x77");
  EXPECT_EQ(Blamed({In(kOther, "open"), In(kApp, "", 0x77), In(kApp, "", 0x88), In(kApp, "main")}),
            "app+0x77")
      << "main says nothing";
}

TEST(OwnerTest, ALibraryThatItsOwnLoopCalledIsNotTheFaultOfWhoWaitsInTheLoop) {
  EXPECT_EQ(Blamed({In(kGLib, "g_malloc"), In(kOther, "on_timer"), In(kGLib, "g_main_dispatch"),
                    In(kGLib, "g_main_loop_run"), In(kApp, "main")}),
            "on_timer");
  EXPECT_EQ(Blamed({In(kGLib, "g_malloc"), In(kOther, "format"), In(kApp, "on_click"),
                    In(kGLib, "g_main_dispatch"), In(kGLib, "g_main_loop_run"), In(kApp, "main")}),
            "on_click");
  EXPECT_EQ(Blamed({In(kGLib, "g_malloc"), In(kOther, "pool_thread"), In(kLibc, "start_thread"),
                    In(kLibc, "clone3")}),
            "pool_thread");
}

TEST(OwnerTest, OfRustsStandardLibraryAloneItIsWhatTheThreadRuns) {
  EXPECT_EQ(Blamed({In(kApp, "<std::alloc::System as core::alloc::global::GlobalAlloc>::alloc"),
                    In(kApp, "<alloc::sync::Arc<T>>::new"), In(kApp, "std::thread::spawn"),
                    In(kApp, "t::start_pool"), In(kApp, "core::ops::function::FnOnce::call_once")}),
            "t::start_pool");
  EXPECT_EQ(Blamed({In(kApp, "std::sys::pal::unix::stack_overflow::imp::make_handler"),
                    In(kApp, "<std::sys::thread::unix::Thread>::new::thread_start"),
                    In(kLibc, "start_thread"), In(kLibc, "__clone3")}),
            "<std::sys::thread::unix::Thread>::new::thread_start");
}

TEST(OwnerTest, GoIsBlamedBehindCgosStubs) {
  EXPECT_EQ(Blamed({In(kApp, "_cgo_4af29e7fd1a9_Cfunc__Cmalloc"), In(kApp, "runtime.asmcgocall"),
                    In(kApp, "runtime.cgocall"), In(kApp, "main._Cfunc__CMalloc"),
                    In(kApp, "main.(*Server).Keep")}),
            "main.(*Server).Keep");
}

TEST(OwnerTest, TheProgramsFrameIsKnownWhateverLiesBetween) {
  const CallStack stack = {In(kGLib, "g_malloc"), In(kOther, "on_timer"),
                           In(kGLib, "g_main_loop_run"), In(kApp, "RunService"), In(kApp, "main")};
  const OwnCode own(kApp);
  EXPECT_EQ(OwnFrame(stack, BlameIndex(stack, {}, own), own), 3u);
  EXPECT_EQ(OwnFrame({In(kOther, "a"), In(kOther, "b")}, 0, own), std::nullopt);
}

TEST(OwnerTest, ANamelessAllocatorOfTheProgramIsLearnedFromEightCallers) {
  std::vector<CallStack> stacks;
  for (uint64_t i = 0; i < 8; ++i) {
    stacks.push_back({In(kLibc, "malloc"), In(kApp, "", 0x100), In(kApp, "", 0x1000 + i),
                      In(kLibc, "__libc_start_call_main")});
  }
  std::vector<WrapperRules::Seen> seen;
  for (const CallStack& stack : stacks) seen.push_back({&stack, 10, seen.size() == 0});
  WrapperRules rules;
  rules.Learn(seen, OwnCode(kApp));
  EXPECT_EQ(BlameIndex(stacks[3], rules, OwnCode(kApp)), 2u);
  seen.pop_back();
  WrapperRules of_seven;
  of_seven.Learn(seen, OwnCode(kApp));
  EXPECT_EQ(BlameIndex(stacks[3], of_seven, OwnCode(kApp)), 1u);
}

// A plugin that is copied to a new name for each use: the same code at a new path, without names.
class Copies : public testing::FakeSymbolizer {
 public:
  explicit Copies(size_t frames) : frames_(frames) {}
  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    std::vector<ResolvedFrame>& made = made_[frame];
    if (!made.empty()) return made;
    const ResolvedFrame& known = FakeSymbolizer::Resolve(frame).front();
    const size_t copy = known.offset / frames_;
    ResolvedFrame one = In("/tmp/tmp-" + std::to_string(copy) + ".so", "", known.offset % frames_);
    one.build_id = "1597b1ed";
    made.push_back(one);
    return made;
  }

 private:
  size_t frames_;
  std::map<capture::Frame, std::vector<ResolvedFrame>> made_;
};

TEST(OwnerTest, OneLeakInAPluginThatIsLoadedFromEverNewPathsIsOneSite) {
  constexpr int kCopies = 60;
  Program p(600, 16384, 5);
  for (int i = 0; i < kCopies; ++i) {
    p.Stream(p.Site({"malloc", "make_token", "plugin_run"}), 40, 700, kForever, 10.0 * i,
             10.0 * (i + 1));
  }
  Copies symbolizer(3);
  const capture::Capture capture = p.Build();
  for (const auto& [id, stack] : capture.stacks) {
    for (const capture::Frame frame : stack.frames)
      symbolizer.Add(p.symbolizer.Resolve(frame).front().function);
  }
  const Analysis analysis = Analyze(capture, symbolizer);
  ASSERT_EQ(analysis.sites.size(), 1u);
  EXPECT_EQ(analysis.sites[0].sites.size(), static_cast<size_t>(kCopies));
  EXPECT_TRUE(analysis.sites[0].significant);
}

// An allocator of the program's own: many use it and give back, one owner does not, by many paths.
TEST(OwnerTest, BehindAnAllocatorOfTheProgramsOwnTheOwnerIsWhoNineTenthsOfTheGrowthShare) {
  Program p(kHour, 16384, 7);
  for (int path = 0; path < 20; ++path) {
    p.Stream(p.Site({"malloc", "region_grow", "Parse" + std::to_string(path), "OpenSession",
                     "Serve", "main"}),
             .1, 1024, kForever);
    p.Stream(
        p.Site({"malloc", "region_grow", "Step" + std::to_string(path), "Query", "Serve", "main"}),
        2, 1024, 5);
  }
  const Analysis analysis = Analyze(p.Build(), p.symbolizer);
  ASSERT_GE(analysis.sites[0].verdict, Verdict::kSuspect);
  const SiteResult& first = analysis.sites[0];
  EXPECT_TRUE(first.merged);
  EXPECT_EQ(first.stack[first.blame].function, "OpenSession");
  EXPECT_EQ(first.stack[0].function, "malloc") << "the allocator is still told";
  EXPECT_EQ(first.stack[1].function, "region_grow");
}

TEST(OwnerTest, NoLoopOwnsWhatItsHandlersAllocate) {
  Program p(kHour, 16384, 7);
  for (int path = 0; path < 20; ++path) {
    const std::string number = std::to_string(path);
    p.Stream(p.Site({"malloc", "region_grow", "Handle" + number, "g_main_dispatch",
                     "g_main_loop_run", "main"}),
             .1, 1024, kForever);
    p.Stream(p.Site({"malloc", "region_grow", "Step" + number, "Query", "main"}), 2, 1024, 5);
  }
  const Analysis analysis = Analyze(p.Build(), p.symbolizer);
  const SiteResult& first = analysis.sites[0];
  ASSERT_GE(first.verdict, Verdict::kSuspect);
  EXPECT_EQ(first.stack[first.blame].function, "region_grow");
}

// A leak by 300 paths is proven at some before others; those others are no healthy users.
TEST(OwnerTest, WhoLosesAsMuchWithoutProofIsNoHealthyUser) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    Program p(60, 16384, seed);
    for (int path = 0; path < 300; ++path) {
      p.Stream(p.Site({"malloc", "BuildReply", "Endpoint" + std::to_string(path % 10),
                       "Route" + std::to_string(path / 10), "Serve", "main"}),
               20, 500, kForever);
    }
    const Analysis analysis = Analyze(p.Build(), p.symbolizer);
    const SiteResult& first = analysis.sites[0];
    EXPECT_EQ(first.stack[first.blame].function, "BuildReply") << seed;
  }
}

TEST(OwnerTest, WhereNobodyGivesBackTheSharedFunctionKeepsTheBlame) {
  Program p(kHour, 16384, 8);
  for (int path = 0; path < 40; ++path) {
    p.Stream(p.Site({"malloc", "CopyHeader", "Path" + std::to_string(path), "Serve", "main"}), .05,
             1024, kForever);
  }
  const Analysis analysis = Analyze(p.Build(), p.symbolizer);
  const SiteResult& first = analysis.sites[0];
  ASSERT_GE(first.verdict, Verdict::kSuspect);
  EXPECT_EQ(first.stack[first.blame].function, "CopyHeader");
}

}  // namespace
}  // namespace leaktrack

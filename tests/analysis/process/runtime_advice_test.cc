// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/runtime_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/analysis/process/memory_samples.h"

namespace leaktrack {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kMiB;
using testing::WithMemory;

capture::ModuleInfo Module(uint32_t number, const std::string& path) {
  capture::ModuleInfo module;
  module.number = number;
  module.path = path;
  return module;
}

Analysis Growing() {
  Analysis analysis;
  analysis.total_growth = Rate{100 * kMiB, 90 * kMiB, 110 * kMiB};
  return analysis;
}

SiteResult Site(capture::SiteKind kind, const std::string& module, const std::string& function) {
  SiteResult site;
  site.kind = kind;
  site.live_bytes = 8 * kMiB;
  site.verdict = Verdict::kSuspect;
  ResolvedFrame map, asks;
  map.module = "/lib/x86_64-linux-gnu/libc.so.6";
  map.function = "mmap64";
  asks.module = module;
  asks.function = function;
  site.stack = CallStack::Frames{map, asks};
  return site;
}

std::vector<AdviceKind> Kinds(const capture::Capture& capture, const Analysis& analysis) {
  std::vector<AdviceKind> kinds;
  for (const Advice& advice : RuntimeAdvice(capture, analysis)) kinds.push_back(advice.kind);
  return kinds;
}

TEST(RuntimeAdviceTest, AnAllocatorBeforeUsIsNamedAndHowToBeSeen) {
  capture::Capture capture = WithMemory(10 << 20, 90 << 20, -1);
  capture.modules = {Module(1, "/srv/svc"), Module(2, "/usr/lib/libjemalloc.so.2")};
  capture.hooks = {{"malloc", capture::HookState::kBypassed}};
  EXPECT_THAT(RuntimeAdvice(capture, {}),
              ElementsAre(Advice{AdviceKind::kPreloadFirst, 0, "libjemalloc.so.2"}));
  capture.modules.push_back(Module(3, "/usr/lib/libtcmalloc.so.4"));
  EXPECT_THAT(
      RuntimeAdvice(capture, {}),
      ElementsAre(Advice{AdviceKind::kPreloadFirst, 0, "libjemalloc.so.2 or libtcmalloc.so.4"}));
  capture.hooks = {{"malloc", capture::HookState::kActive}};
  EXPECT_THAT(RuntimeAdvice(capture, {}), IsEmpty()) << "behind us it hides nothing";
}

TEST(RuntimeAdviceTest, RunTimesWithAllocatorsOfTheirOwnAreToldToUseMalloc) {
  const capture::Capture capture = WithMemory(10 << 20, 90 << 20, -1);
  const auto advised = [&](const std::string& module, capture::SiteKind kind) {
    Analysis analysis = Growing();
    analysis.sites = {Site(kind, module, "")};
    return Kinds(capture, analysis);
  };
  using enum capture::SiteKind;
  EXPECT_THAT(advised("/usr/bin/python3.11", kMapping), ElementsAre(AdviceKind::kPythonMalloc));
  EXPECT_THAT(advised("/usr/bin/python3.11", kHeap), IsEmpty()) << "its blocks are seen already";
  EXPECT_THAT(advised("/usr/bin/php8.2", kMapping), ElementsAre(AdviceKind::kZendAlloc));
  EXPECT_THAT(advised("/usr/bin/svc", kMapping), IsEmpty());
}

TEST(RuntimeAdviceTest, SlicesOfGLibAreToldApartByItsVersion) {
  capture::Capture capture = WithMemory(10 << 20, 90 << 20, -1);
  Analysis analysis = Growing();
  analysis.sites = {
      Site(capture::SiteKind::kHeap, "/usr/lib/libglib-2.0.so.0.7400.6", "g_slice_alloc")};
  capture.modules = {Module(1, "/srv/svc"), Module(2, "/usr/lib/libglib-2.0.so.0.7400.6")};
  EXPECT_THAT(Kinds(capture, analysis), ElementsAre(AdviceKind::kGSlice));
  capture.modules[1].path = "/usr/lib/libglib-2.0.so.0.8000.0";
  EXPECT_THAT(Kinds(capture, analysis), IsEmpty()) << "GLib 2.76 gave up its slices";
}

TEST(RuntimeAdviceTest, ManagedHeapsHaveToolsOfTheirOwnWhereSomethingGrows) {
  capture::Capture capture = WithMemory(10 << 20, 90 << 20, -1);
  capture.modules = {Module(1, "/usr/lib/jvm/java-17/bin/java"),
                     Module(2, "/usr/lib/jvm/java-17/lib/server/libjvm.so")};
  EXPECT_THAT(Kinds(capture, Growing()), ElementsAre(AdviceKind::kJvmTools));
  EXPECT_THAT(Kinds(capture, {}), IsEmpty());
  capture.modules.clear();
  capture.process.program = "node";
  EXPECT_THAT(Kinds(capture, Growing()), ElementsAre(AdviceKind::kNodeTools));
  capture.process.program = "svc";
  Analysis go = Growing();
  go.sites = {Site(capture::SiteKind::kHeap, "/srv/svc", "_cgo_4af29e7fd1a9_Cfunc__Cmalloc")};
  EXPECT_THAT(Kinds(capture, go), ElementsAre(AdviceKind::kGoTools));
}

TEST(RuntimeAdviceTest, ALimitThatTheMachineCannotGiveIsSaid) {
  capture::Capture capture = WithMemory(10 << 20, 90 << 20, -1);
  for (capture::MemorySample& sample : capture.memory) sample.machine_total = int64_t{16} << 30;
  Analysis analysis = Growing();
  analysis.process.limit_kind = LimitKind::kCgroup;
  analysis.process.limit_bytes = int64_t{64} << 30;
  EXPECT_THAT(RuntimeAdvice(capture, analysis),
              ElementsAre(Advice{AdviceKind::kLimitAboveMachine, int64_t{16} << 30, ""}));
  analysis.process.limit_bytes = int64_t{8} << 30;
  EXPECT_THAT(RuntimeAdvice(capture, analysis), IsEmpty());
}

}  // namespace
}  // namespace leaktrack

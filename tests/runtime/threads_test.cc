// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/threads.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "libtrack/platform/os/raw.h"
#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

class ThreadsTest : public ::testing::Test {
 protected:
  void SetUp() override { PrepareThreads(process_->tracker.get()); }
  static ThreadState* Attach(HotThread& hot) {
    const NamedGuard guard(hot);
    return AttachThread(hot);
  }
  const std::unique_ptr<Process> process_ = std::make_unique<Process>();
};

TEST_F(ThreadsTest, AThreadKeepsItsStateAndEachHasItsOwn) {
  HotThread one{}, other{};
  ThreadState* const state = Attach(one);
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(Attach(one), state);
  EXPECT_EQ(one.state, state);
  EXPECT_NE(Attach(other), state);
  EXPECT_NE(state->block, nullptr) << "with a ring of the recorder";
}

TEST_F(ThreadsTest, StatesOfThreadsThatHaveEndedAreTakenBack) {
  std::set<ThreadState*> states;
  for (int i = 0; i < 300; ++i) {
    std::thread([&] {
      HotThread hot{};
      states.insert(Attach(hot));
    }).join();
  }
  EXPECT_EQ(states.count(nullptr), 0u);
  EXPECT_LT(states.size(), 100u);
  EXPECT_LT(process_->image.header().thread_count.load(), 100u) << "their rings, too";
}

TEST_F(ThreadsTest, AThreadOfOurOwnHasNoState) {
  HotThread hot{};
  EXPECT_FALSE(IsOurOwnThread(hot));
  NeverRecordThread(hot);
  EXPECT_TRUE(IsOurOwnThread(hot));
  EXPECT_EQ(Attach(hot), nullptr);
  EXPECT_EQ(process_->image.loss(capture::kLostThreads), 0u);
}

TEST_F(ThreadsTest, WhereMemoryIsNotToBeHadAThreadIsCountedLostOnce) {
  raw::forbidden.store(true);  // as under a filter: nobody may be asked
  std::vector<std::unique_ptr<HotThread>> threads;
  ThreadState* state = nullptr;
  do {
    threads.push_back(std::make_unique<HotThread>());
    state = Attach(*threads.back());
  } while (state != nullptr && threads.size() < 10'000);
  EXPECT_EQ(state, nullptr);
  EXPECT_EQ(Attach(*threads.back()), nullptr);
  EXPECT_EQ(process_->image.loss(capture::kLostThreads), 1u);
  EXPECT_EQ(PrivateMemory(4096), nullptr);
  raw::forbidden.store(false);
  EXPECT_NE(Attach(*threads.back()), nullptr) << "and gets one later";
}

TEST_F(ThreadsTest, AForkChildGoesByAnotherNumberAndNeedsARingOfItsOwnRun) {
  HotThread hot{};
  ThreadState* const state = Attach(hot);
  const auto child = std::make_unique<Process>();
  PrepareThreads(child->tracker.get());
  AdoptThreadAfterFork(hot);
  EXPECT_EQ(hot.state, state);
  const auto* const rings =
      child->image.view().region<capture::ThreadBlock>(capture::kRegionThreads);
  EXPECT_GE(state->block, rings);
  EXPECT_LT(state->block, rings + child->image.view().entries(capture::kRegionThreads));
  HotThread none{};
  AdoptThreadAfterFork(none);
  EXPECT_EQ(none.state, nullptr);
}

TEST_F(ThreadsTest, PrivateMemoryIsZero) {
  const auto* const memory = static_cast<const char*>(PrivateMemory(8192));
  ASSERT_NE(memory, nullptr);
  for (size_t i = 0; i < 8192; ++i) ASSERT_EQ(memory[i], 0) << i;
}

}  // namespace
}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/exit/held_threads.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "tools/witness/memory/threads.h"

namespace leaktrack::witness {
namespace {

// A process with two threads more, which count for ever in memory that it shares with nobody.
class HeldThreadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    child_ = fork();
    if (child_ == 0) {
      pthread_t thread;
      for (int i = 0; i < 2; ++i) pthread_create(&thread, nullptr, Spin, nullptr);
      (void)!write(ready[1], "r", 1);
      for (;;) pause();
    }
    char byte;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    while (ThreadNumbers(child_).size() < 3) usleep(1000);
  }
  void TearDown() override {
    kill(child_, SIGKILL);
    int status = 0;
    EXPECT_EQ(waitpid(child_, &status, 0), child_) << "its end was taken away";
    EXPECT_TRUE(WIFSIGNALED(status));
  }

  static void* Spin(void*) {
    for (std::atomic<uint64_t> count{0};;) count.fetch_add(1);
  }

  // 't': traced and stopped.
  size_t Stopped() const {
    const std::vector<Thread> threads = ReadThreads(child_);
    return static_cast<size_t>(std::ranges::count_if(threads, [&](const Thread& thread) {
      char path[64], text[256] = {};
      snprintf(path, sizeof path, "/proc/%d/task/%d/stat", child_, thread.tid);
      FILE* const file = fopen(path, "r");
      if (file == nullptr) return false;
      (void)!fread(text, 1, sizeof text - 1, file);
      fclose(file);
      return std::string_view(text).find(") t ") != std::string_view::npos;
    }));
  }

  pid_t child_ = -1;
};

TEST_F(HeldThreadsTest, StopsAllButTheOneThatIsLeftAndLetsThemGo) {
  {
    const HeldThreads held(child_, {child_});
    EXPECT_EQ(held.problem(), "");
    ASSERT_EQ(held.threads().size(), 2u);
    for (const Thread& thread : held.threads()) {
      EXPECT_NE(thread.tid, child_);
      EXPECT_TRUE(thread.has_registers);
      EXPECT_NE(thread.stack_pointer.value_or(0), 0u);
      EXPECT_NE(thread.thread_pointer, 0u);
    }
    EXPECT_EQ(Stopped(), 2u);
  }
  EXPECT_EQ(Stopped(), 0u);
}

TEST_F(HeldThreadsTest, TheEndOfAHeldProcessStaysWithItsParent) {
  HeldThreads held(child_, {});
  EXPECT_EQ(held.threads().size(), 3u);
  kill(child_, SIGKILL);
  usleep(10'000);
  held.LetGo();  // TearDown still finds its end
}

TEST_F(HeldThreadsTest, SaysThatAThreadCannotBeStopped) {
  HeldThreads first(child_, {});
  const HeldThreads second(child_, {});
  EXPECT_NE(second.problem(), "");
}

TEST_F(HeldThreadsTest, KnowsAThreadByItsOwnNumber) {
  EXPECT_EQ(ThreadNumberHere(child_, child_), child_);
  EXPECT_EQ(ThreadNumberHere(child_, 1), 0);
}

}  // namespace
}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
//
// In children: a process whose main thread has ended, and a thread that stands for the helper.
#include "libtrack/runtime/last_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "libtrack/platform/os/helper_thread.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

uint32_t Me() { return static_cast<uint32_t>(getpid()); }

TEST(LastThreadTest, ThreadsCanBeCountedHere) { EXPECT_TRUE(CanCountThreads()); }

TEST(LastThreadTest, WhileTheMainThreadLivesNobodyIsTheLast) {
  EXPECT_FALSE(OnlyHelperLeft(Me()));
  EXPECT_FALSE(OnlyHelperLeft(1)) << "another's number";
}

#if !defined(__SANITIZE_THREAD__)  // has a thread of its own, that never ends

std::atomic<uint32_t> g_other_may_end{0}, g_never{0};

// Ends the process: with 0 if it is the last one, within ten seconds.
void* EndAsTheLast(void*) {
  for (int i = 0; i < 10'000 && !OnlyHelperLeft(Me()); ++i) WaitWhile(&g_never, 0, 1'000'000);
  _exit(OnlyHelperLeft(Me()) ? 0 : 1);
}

// With 0 if it is not the last one while another thread lives, and is when that one has ended.
void* EndAfterAnother(void*) {
  for (int i = 0; i < 100; ++i) {
    if (OnlyHelperLeft(Me())) _exit(2);
    WaitWhile(&g_never, 0, 1'000'000);
  }
  g_other_may_end.store(1);
  WakeAll(&g_other_may_end);
  return EndAsTheLast(nullptr);
}

void* UntilTold(void*) {
  while (g_other_may_end.load() == 0) WaitWhile(&g_other_may_end, 0, 1'000'000'000);
  return nullptr;
}

// The status of a child whose main thread starts these and ends.
int StatusAfter(void* (*helper)(void*), void* (*other)(void*)) {
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    if (other != nullptr) pthread_create(&thread, nullptr, other, nullptr);
    pthread_create(&thread, nullptr, helper, nullptr);
    raw::Call(SYS_exit, 0);  // of this thread alone, without unwinding it
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(LastThreadTest, AHelperWithoutAMainThreadIsTheLast) {
  EXPECT_EQ(StatusAfter(EndAsTheLast, nullptr), 0);
}

TEST(LastThreadTest, AHelperBesideAnotherThreadIsNot) {
  EXPECT_EQ(StatusAfter(EndAfterAnother, UntilTold), 0);
}

#endif

}  // namespace
}  // namespace leaktrack::track

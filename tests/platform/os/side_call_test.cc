// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/side_call.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "libtrack/platform/os/helper_thread.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

#if defined(__SANITIZE_THREAD__)
#define SKIP_UNDER_TSAN() \
  GTEST_SKIP() << "the call borrows its starter's TLS, where this sanitizer keeps its own state"
#else
#define SKIP_UNDER_TSAN() (void)0
#endif

struct Call {
  std::atomic<uint32_t> may_end{0};
  std::atomic<uint32_t> began{0};
  int tid = 0;
};

void UntilTold(void* argument) {
  auto& call = *static_cast<Call*>(argument);
  call.tid = raw::Gettid();
  call.began.store(1);
  while (call.may_end.load() == 0) WaitWhile(&call.may_end, 0, 10'000'000);
}

void AwaitGone(const SideCall& side) {
  std::atomic<uint32_t> never{0};
  for (int i = 0; i < 10'000 && !side.Gone(); ++i) WaitWhile(&never, 0, 1'000'000);
}

TEST(SideCallTest, ACallThatHangsKeepsNobodyButItself) {
  SKIP_UNDER_TSAN();
  SideCall side{};
  Call call;
  EXPECT_TRUE(side.Gone());
  ASSERT_TRUE(side.Start(UntilTold, &call));
  while (call.began.load() == 0) sched_yield();
  EXPECT_NE(call.tid, raw::Gettid());
  EXPECT_FALSE(side.Gone());
  EXPECT_FALSE(side.Start(UntilTold, &call)) << "one at a time";
  call.may_end.store(1);
  AwaitGone(side);
  ASSERT_TRUE(side.Gone());
  ASSERT_TRUE(side.Start(UntilTold, &call)) << "and then the next";
  AwaitGone(side);
  EXPECT_TRUE(side.Gone());
  side.Forget();
}

TEST(SideCallTest, AForkedChildForgetsTheCallThatIsNotThere) {
  SKIP_UNDER_TSAN();
  SideCall side{};
  Call call;
  ASSERT_TRUE(side.Start(UntilTold, &call));
  const pid_t child = fork();
  if (child == 0) {
    side.Forget();
    call.may_end.store(1);
    _exit(side.Gone() && side.Start(UntilTold, &call) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  call.may_end.store(1);
  AwaitGone(side);
  EXPECT_TRUE(side.Gone());
  side.Forget();
}

}  // namespace
}  // namespace leaktrack::track

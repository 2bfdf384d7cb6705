// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/guard.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <thread>

#include "libtrack/platform/walk/stack_probe.h"

namespace leaktrack::track {
namespace {

constexpr size_t kStack = 64 * 1024;

TEST(GuardTest, NestedEntryIsRefused) {
  HotThread hot{};
  {
    NamedGuard outer(hot);
    EXPECT_TRUE(outer.held());
    NamedGuard inner(hot);
    EXPECT_FALSE(inner.held());
  }
  NamedGuard again(hot);
  EXPECT_TRUE(again.held());
}

// A guard is acquired and never released, as if a handler had jumped out of the slow path.
class JumpTest : public testing::Test {
 protected:
  JumpTest() { NoteInitialThread(); }
  [[gnu::noinline]] void Abandon() {
    alignas(NamedGuard) char memory[sizeof(NamedGuard)];
    new (memory) NamedGuard(hot);
    asm volatile("" : : "r"(memory) : "memory");
  }
  [[gnu::noinline]] bool Enter() { return NamedGuard(hot).held(); }
  // As deep as the abandoned guard, or deeper, with something else at its address.
  [[gnu::noinline]] bool EnterBelow() {
    volatile char other[1'024];
    for (volatile char& byte : other) byte = 1;
    return Enter();
  }
  [[gnu::noinline]] void AbandonFarBelow() {
    [[maybe_unused]] volatile char room[8'192];
    room[0] = 0;
    Abandon();
    room[1] = 0;
  }
  HotThread hot{};
};

TEST_F(JumpTest, E13_AGuardThatWasJumpedOutOfIsFoundAbandonedFromAboveAtOnce) {
  AbandonFarBelow();
  ASSERT_NE(hot.guard_place, nullptr);
  EXPECT_TRUE(Enter());
  EXPECT_EQ(hot.guard_place, nullptr);
}

TEST_F(JumpTest, E13_AGuardThatWasJumpedOutOfIsFoundAbandonedFromBelowWhenItsPlaceIsUsedAgain) {
  Abandon();
  EXPECT_TRUE(EnterBelow());
}

TEST_F(JumpTest, E13_AGuardWhoseStackIsGoneIsAbandoned) {
  Abandon();
  hot.guard_place = reinterpret_cast<const void*>(64);
  EXPECT_TRUE(Enter());
}

TEST_F(JumpTest, E13_OfAnAbandonedGuardMoreThanTheMarkMayBeOverwritten) {
  alignas(NamedGuard) char memory[sizeof(NamedGuard)];
  new (memory) NamedGuard(hot);
  auto* const words = reinterpret_cast<uint64_t*>(memory);
  // Everything after the mark.
  for (size_t i = 1; i < sizeof(memory) / sizeof(*words); ++i) words[i] = 0xdead'0000'0000'0000;
  EXPECT_TRUE(EnterBelow());
}

TEST_F(JumpTest, E9_FromAnAlternateStackALivingGuardIsRespected) {
  static HotThread* shared = &hot;
  static uint32_t refused = 0;
  static char alternate[64 * 1024];
  const stack_t stack = {.ss_sp = alternate, .ss_flags = 0, .ss_size = sizeof alternate};
  ASSERT_EQ(sigaltstack(&stack, nullptr), 0);
  struct sigaction action {};
  action.sa_handler = [](int) {
    for (uint32_t i = 0; i < kAbandonedAfter / 2; ++i) refused += !NamedGuard(*shared).held();
  };
  action.sa_flags = SA_ONSTACK;
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  NamedGuard outer(hot);
  ASSERT_EQ(raise(SIGUSR1), 0);
  EXPECT_EQ(refused, kAbandonedAfter / 2);
  const stack_t none = {.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  sigaltstack(&none, nullptr);
}

TEST_F(JumpTest, E8_DeepHandlersOfALivingGuardAreRefusedForEver) {
  NamedGuard outer(hot);
  for (uint32_t i = 0; i < 3 * kAbandonedAfter; ++i) ASSERT_FALSE(EnterBelow());
}

// Runs `function` on `stack` until it ends or switches to `thread`.
void Start(ucontext_t& coroutine, char* stack, ucontext_t& thread, void (*function)()) {
  getcontext(&coroutine);
  coroutine.uc_stack.ss_sp = stack;
  coroutine.uc_stack.ss_size = kStack;
  coroutine.uc_link = &thread;
  makecontext(&coroutine, function, 0);
  swapcontext(&thread, &coroutine);
}

// A coroutine that a handler switched away from while it held the guard. The thread goes on, and
// later so does the coroutine.
class CoroutineTest : public testing::Test {
 protected:
  void SetUp() override {
    hot.state = &first;
    self = this;
    Start(coroutine, stack, thread, [] { self->Hold(); });
  }
  void Hold() {
    const NamedGuard guard(hot);
    swapcontext(&coroutine, &thread);
    still_held = guard.IfStillHeld(&first) != nullptr;
  }
  void Resume() { swapcontext(&thread, &coroutine); }
  [[gnu::noinline]] bool Enter() { return NamedGuard(hot).held(); }

  static inline CoroutineTest* self;
  ucontext_t coroutine{}, thread{};
  char stack[kStack];
  ThreadState first{};
  HotThread hot{};
  bool still_held = false;
};

TEST_F(CoroutineTest, E8_OneThatLivesKeepsTheStateAndTheThreadGetsAnother) {
  for (uint32_t i = 1; i < kAbandonedAfter; ++i) ASSERT_FALSE(Enter());
  ASSERT_EQ(hot.state, &first);
  {
    const NamedGuard guard(hot);
    ASSERT_TRUE(guard.held());
    EXPECT_EQ(hot.state, nullptr);
    Resume();
    EXPECT_FALSE(still_held);
    EXPECT_FALSE(Enter()) << "the coroutine gave back a guard that is not its own";
  }
  EXPECT_TRUE(Enter());
}

TEST_F(CoroutineTest, E8_OneThatComesBackInTimeHasLostNothing) {
  for (uint32_t i = 1; i < kAbandonedAfter; ++i) ASSERT_FALSE(Enter());
  Resume();
  EXPECT_TRUE(still_held);
  EXPECT_TRUE(Enter());
  EXPECT_EQ(hot.state, &first);
}

TEST_F(CoroutineTest, E8_AThreadGetsOnlySoManyStates) {
  hot.guards_taken_over = kMostTakenOver;
  for (uint32_t i = 0; i < 2 * kAbandonedAfter; ++i) ASSERT_FALSE(Enter());
  Resume();
}

// One coroutine holds the guard. The stack of the other lies directly above, and is not the
// thread's own stack either.
bool EntersFromTheNextStack() {
  static thread_local HotThread hot;
  static thread_local ucontext_t thread, holder, other;
  static thread_local bool entered;
  hot = {};
  char* const stacks = static_cast<char*>(
      mmap(nullptr, 2 * kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  Start(holder, stacks, thread, [] {
    const NamedGuard guard(hot);
    swapcontext(&holder, &thread);
  });
  Start(other, stacks + kStack, thread, [] { entered = NamedGuard(hot).held(); });
  munmap(stacks, 2 * kStack);
  return entered;
}

TEST(CoroutineStackTest, E8_AStackBelowTheControlBlockIsNotTheThreadsOwn) {
  NoteInitialThread();
  EXPECT_FALSE(EntersFromTheNextStack());
  bool entered = true;
  std::thread([&] { entered = EntersFromTheNextStack(); }).join();
  EXPECT_FALSE(entered);
}

}  // namespace
}  // namespace leaktrack::track

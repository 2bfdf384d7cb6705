// SPDX-License-Identifier: Apache-2.0
//
// Stacks with a signal frame, compared with libunwind: on the normal stack and on a sigaltstack,
// interrupting a leaf function, and, by single-stepping, at every instruction of prologues,
// epilogues and PLT stubs.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

#include "libtrack/platform/modules/module_map.h"
#include "tests/platform/walk/stack_oracle.h"

namespace leaktrack::track {
namespace {

#define NOINLINE __attribute__((noinline))

volatile int g_sink;
std::atomic<int> g_checked;
std::atomic<int> g_cut;
std::atomic<int> g_different;
std::atomic<uintptr_t> g_first_difference;

// The frame of ld.so's lazy-binding trampoline is found through rbx, which is not followed. Such a
// stack is cut.
bool InDynamicLinker(uintptr_t pc) { return FindModule(pc) == FindModule(getauxval(AT_BASE)); }

void CheckInHandler(int, siginfo_t*, void* context) {
  const StackCheck check = CheckStackQuietly();
  const auto pc =
      static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  ++g_checked;
  if (check.truncated && InDynamicLinker(pc)) ++g_cut;
  if (!check.equal || (check.truncated && !InDynamicLinker(pc))) {
    if (g_different++ == 0) g_first_difference = pc;
  }
}

void CheckAndSkipTrap(int signal, siginfo_t* info, void* context) {
  CheckInHandler(signal, info, context);
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] += 2;  // past ud2
}

class SignalStackTest : public testing::Test {
 protected:
  void SetUp() override {
    BindTestModules();
    g_checked = 0;
    g_different = 0;
    g_cut = 0;
  }

  void Handle(int signal, void (*handler)(int, siginfo_t*, void*), int flags = 0) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(signal, &action, nullptr);
  }

  void UseAlternateStack() {
    stack_t stack = {};
    stack.ss_size = size_t{256} << 10;
    stack.ss_sp =
        mmap(nullptr, stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_EQ(sigaltstack(&stack, nullptr), 0);
  }

  void ExpectAllEqual(int at_least) {
    EXPECT_GE(g_checked, at_least);
    EXPECT_EQ(g_different, 0) << "of " << g_checked << "; first at pc 0x" << std::hex
                              << g_first_difference;
  }
};

NOINLINE int TrapInLeaf(int value) {
  const int doubled = value * 2 + g_sink;
  __asm__ volatile("ud2" ::: "memory");
  return doubled;
}

NOINLINE int TrapDeeper(int depth) {
  const int result = depth == 0 ? TrapInLeaf(3) : TrapDeeper(depth - 1) + 1;
  g_sink = result;
  return result;
}

TEST_F(SignalStackTest, AHandlerThatInterruptsALeafIsFollowedIntoIt) {
  Handle(SIGILL, CheckAndSkipTrap);
  for (int depth : {0, 5, 5, 2}) TrapDeeper(depth);
  ExpectAllEqual(4);
}

TEST_F(SignalStackTest, AHandlerOnAnAlternateStackIsFollowedBackToTheNormalOne) {
  UseAlternateStack();
  Handle(SIGILL, CheckAndSkipTrap, SA_ONSTACK);
  for (int depth : {0, 5, 5, 2}) TrapDeeper(depth);
  ExpectAllEqual(4);
}

TEST_F(SignalStackTest, ARaisedSignalIsFollowedThroughLibc) {
  Handle(SIGUSR1, CheckInHandler);
  raise(SIGUSR1);
  raise(SIGUSR1);
  ExpectAllEqual(2);
}

NOINLINE int Stepped(int depth) {
  int numbers[4] = {depth, 3, 2, 1};
  if (depth > 0) numbers[0] += Stepped(depth - 1);
  g_sink = static_cast<int>(strtol("12", nullptr, 10)) + abs(numbers[0]);
  return numbers[depth & 3];
}

inline void SetTrapFlag() {
  __asm__ volatile(
      "lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
          : "cc", "memory");
}
inline void ClearTrapFlag() {
  __asm__ volatile(
      "lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
          : "cc", "memory");
}

TEST_F(SignalStackTest, EveryInstructionOfAFunctionAndItsPltStubsCanBeInterrupted) {
  Handle(SIGTRAP, CheckInHandler);
  SetTrapFlag();
  Stepped(2);
  Stepped(2);  // now without the dynamic linker
  ClearTrapFlag();
  ExpectAllEqual(100);
  EXPECT_GE(g_checked - g_cut, 100);
}

}  // namespace
}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/stack_probe.h"

#include <signal.h>
#include <sys/auxv.h>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kPage = 4096;
// The pages between are probed as well, so a big alloca is crossed.
constexpr uintptr_t kNear = 16 * kPage;

constexpr uintptr_t kLargestStack = 16 << 20;
// Deeper would be expensive: one system call per page up to the top.
constexpr uintptr_t kDeep = 64 * kPage;

uintptr_t ControlBlock() {
  uintptr_t address;
  __asm__("movq %%fs:0, %0" : "=r"(address));
  return address;
}

constinit uintptr_t g_initial_control_block = 0;

// The top of the stack that this thread was given, if `here` may lie on it; else 0. glibc puts a
// thread's control block at the top. On the initial thread the kernel puts the random bytes of
// AT_RANDOM there.
uintptr_t TopOfOwnStack(uintptr_t here) {
  const uintptr_t block = ControlBlock();
  const uintptr_t top =
      block == g_initial_control_block ? static_cast<uintptr_t>(getauxval(AT_RANDOM)) : block;
  return here < top && top - here < kLargestStack ? top : 0;
}

// True for a page between the current frame and the top of this thread's stack.
bool OnOwnStack(uintptr_t page) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return page >= (here & -kPage) && page < TopOfOwnStack(here);
}

bool PageReadable(uintptr_t page) {
  return raw::Forbidden() ? OnOwnStack(page) : raw::Readable(reinterpret_cast<const void*>(page));
}

}  // namespace

void NoteInitialThread() { g_initial_control_block = ControlBlock(); }

bool IsOwnStackFrom(uintptr_t frame) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (frame > here || here - frame > kNear || raw::Forbidden()) return false;
  const uintptr_t top = TopOfOwnStack(here);
  if (top == 0 || top - here > kDeep) return false;
  // Another stack below the thread's own would be separated by at least a guard page.
  for (uintptr_t page = frame & -kPage; page < top; page += kPage) {
    if (!PageReadable(page)) return false;
  }
  stack_t alternate{};  // it may be an array on the thread's own stack
  return raw::Call(SYS_sigaltstack, 0, raw::Ptr(&alternate)) == 0 &&
         (alternate.ss_flags & SS_ONSTACK) == 0;
}

void ExtendReadableRangeDown(UnwindMemo& memo, uintptr_t address) {
  const uintptr_t page = address & -kPage;
  if (memo.readable_low == memo.readable_high || page >= memo.readable_low ||
      memo.readable_low - page > kNear)
    return;
  while (memo.readable_low > page && PageReadable(memo.readable_low - kPage))
    memo.readable_low -= kPage;
}

bool ExtendReadableRange(UnwindMemo& memo, uintptr_t address) {
  const uintptr_t page = address & -kPage;
  if (page == 0 || page + kPage == 0 || !PageReadable(page)) return false;
  if (memo.readable_low != memo.readable_high) {
    if (page >= memo.readable_high && page - memo.readable_high < kNear) {
      while (memo.readable_high < page && PageReadable(memo.readable_high))
        memo.readable_high += kPage;
      if (memo.readable_high == page) return memo.readable_high += kPage, true;
    } else if (page < memo.readable_low && memo.readable_low - page <= kNear) {
      while (memo.readable_low > page + kPage && PageReadable(memo.readable_low - kPage))
        memo.readable_low -= kPage;
      if (memo.readable_low == page + kPage) return memo.readable_low -= kPage, true;
    }
  }
  memo.readable_low = page;
  memo.readable_high = page + kPage;
  return true;
}

}  // namespace leaktrack::track

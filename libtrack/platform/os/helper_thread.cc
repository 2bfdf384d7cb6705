// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/helper_thread.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include "libtrack/platform/os/c_library.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

// The kernel reads this list when the thread dies. It replaces the list that glibc registered for
// the thread. That one is always empty, because the helper uses no robust pthread mutex.
struct RobustList {
  robust_list_head head;
  robust_list node;
};
constinit RobustList g_robust{};

void CloseRange(long first, long last) {
  if (first > last) return;
  if (raw::Call(436 /* SYS_close_range */, first, last, 0) == 0) return;
  // Before Linux 5.9.
  for (long fd = first; fd <= last && fd < 4096; ++fd) raw::Close(static_cast<int>(fd));
}

// 32 to 34.
void OpenSignalsOfMusl(sigset_t& blocked) {
  uint64_t word;
  __builtin_memcpy(&word, &blocked, sizeof word);
  word &= ~(uint64_t{7} << 31);
  __builtin_memcpy(&blocked, &word, sizeof word);
}

}  // namespace

bool StartHelperThread(void* (*main)(void*), void* argument) {
  if (pthread_create == nullptr || pthread_attr_setstacksize == nullptr ||
      pthread_attr_setdetachstate == nullptr || pthread_sigmask == nullptr) {
    return false;
  }
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kHelperStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigset_t all, before;
  // The C library asks all threads by signals of its own to change their ids, and waits for their
  // answers. glibc's pthread_sigmask leaves its two open by itself, musl's blocks what it is told.
  __builtin_memset(&all, 0xff, sizeof all);
  if (!IsGlibc()) OpenSignalsOfMusl(all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const bool started = pthread_create(&thread, &attributes, main, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return started;
}

bool TakePrivateDescriptors(int keep_a, int keep_b) {
  if (raw::Call(SYS_unshare, CLONE_FILES) < 0) return false;
  const long low = keep_a < keep_b ? keep_a : keep_b;
  const long high = keep_a < keep_b ? keep_b : keep_a;
  CloseRange(0, low - 1);
  CloseRange(low + 1, high - 1);
  CloseRange(high + 1, 0x7fffffff);
  return true;
}

void SetOwnerAlive(std::atomic<uint32_t>* word) {
  g_robust.head.list.next = &g_robust.node;
  g_robust.head.futex_offset =
      reinterpret_cast<long>(word) - reinterpret_cast<long>(&g_robust.node);
  g_robust.head.list_op_pending = nullptr;
  g_robust.node.next = &g_robust.head.list;
  raw::Call(SYS_set_robust_list, raw::Ptr(&g_robust.head), sizeof g_robust.head);
  // Last: a word that contains a thread id must be on the list. Otherwise a kill in between would
  // leave an owner that seems alive.
  word->store(static_cast<uint32_t>(raw::Gettid()), std::memory_order_seq_cst);
}

void SetOwnerGone(std::atomic<uint32_t>* word) {
  word->store(0, std::memory_order_seq_cst);
  g_robust.head.list.next = &g_robust.head.list;
}

void WaitWhile(std::atomic<uint32_t>* word, uint32_t expected, uint64_t timeout_ns) {
  timespec timeout{static_cast<time_t>(timeout_ns / 1'000'000'000),
                   static_cast<long>(timeout_ns % 1'000'000'000)};
  raw::Call(SYS_futex, raw::Ptr(word), FUTEX_WAIT_PRIVATE, expected, raw::Ptr(&timeout));
}

void WakeAll(std::atomic<uint32_t>* word) {
  raw::Call(SYS_futex, raw::Ptr(word), FUTEX_WAKE_PRIVATE, 0x7fffffff);
}

}  // namespace leaktrack::track

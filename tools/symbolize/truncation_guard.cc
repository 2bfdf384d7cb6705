// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/truncation_guard.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace leaktrack {
namespace {

constexpr uintptr_t kPage = 4096;

std::atomic<bool> any_page_gone;
static_assert(std::atomic<bool>::is_always_lock_free);

// An empty page in its place, and the load is tried again. Where none can be had, the signal does
// what it always does.
void OnBusError(int, siginfo_t* info, void*) {
  const int kept = errno;
  void* const page =
      reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(info->si_addr) & ~(kPage - 1));
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  const bool ours = info->si_code == BUS_ADRERR;
  if (!ours || mmap(page, kPage, PROT_READ | PROT_WRITE, kFlags, -1, 0) == MAP_FAILED)
    signal(SIGBUS, SIG_DFL);
  any_page_gone = true;
  errno = kept;
}

}  // namespace

TruncationGuard::TruncationGuard() {
  any_page_gone = false;
  struct sigaction action {};
  action.sa_sigaction = OnBusError;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, &before_);
}

TruncationGuard::~TruncationGuard() { sigaction(SIGBUS, &before_, nullptr); }

bool TruncationGuard::torn() const { return any_page_gone; }

}  // namespace leaktrack

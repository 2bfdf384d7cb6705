// SPDX-License-Identifier: Apache-2.0
//
// The clocks of the library: always the kernel's, whatever libraries pretend.
//
// Programs run under libraries that replace clock_gettime (libfaketime freezes or stretches it).
// With such a clock the length of the run and every rate of growth would be wrong. So we call the
// vDSO's own function. It is found once, by its name in the page that the kernel maps into every
// process. Without a vDSO (vdso=0, some emulators) we make the system call. CLOCK_MONOTONIC_COARSE
// costs 7 ns and steps every 1 to 4 ms, which is as fine as ages are ever judged.
//
// Promises: errno is untouched. Under a seccomp filter no system call is made: without a vDSO the
// time then stands still.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_CLOCK_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_CLOCK_H_

#include <time.h>

#include <atomic>
#include <cstdint>

namespace leaktrack::track {

// The kernel's clock_gettime; the first call finds it. Hidden visibility: one load instead of two.
using ClockFunction = int (*)(clockid_t clock, timespec* now);
extern std::atomic<ClockFunction> g_clock __attribute__((visibility("hidden")));

// The clock function in the ELF image that the kernel mapped at `base`, or nullptr.
ClockFunction FindClockInImage(uintptr_t base);

// The clock if there is no such image.
int ReadClockByCall(clockid_t clock, timespec* now);

inline int64_t ReadClockNs(clockid_t clock) {
  timespec now{};
  g_clock.load(std::memory_order_relaxed)(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline int64_t MonotonicCoarseNs() { return ReadClockNs(CLOCK_MONOTONIC_COARSE); }
inline int64_t RealtimeNs() { return ReadClockNs(CLOCK_REALTIME); }

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_CLOCK_H_

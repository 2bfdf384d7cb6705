// SPDX-License-Identifier: Apache-2.0
//
// LEAKTRACK_DCHECK(condition): a precondition that a debug build holds its callers to.
//
// What: where the condition is false, one line with file, line and condition goes to standard error
// by a raw system call, and the process traps. Why not assert: that one prints through stdio and
// ends in abort(), which is one of our hooks. Why on this floor: every folder of the library may
// include it. Promises: compiled only where the build says LEAKTRACK_DCHECKS (the debug presets and
// the fuzz targets); elsewhere the condition is read by the compiler and nothing of it is left in
// the code. Limits: for mistakes of our own code alone. What a program, a file or another process
// can bring about is counted, or refused, in every build.
//
// Thread-safety: yes.   Allocates: never.   Signals: safe.   errno: untouched.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_DCHECK_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_DCHECK_H_

#if defined(LEAKTRACK_DCHECKS)

#include <sys/syscall.h>

#include <cstddef>

namespace leaktrack {

[[noreturn, gnu::cold, gnu::noinline]] inline void DcheckFailed(const char* text, size_t bytes) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(SYS_write), "D"(2), "S"(text), "d"(bytes)
                   : "rcx", "r11", "memory");
  __builtin_trap();
}

template <size_t N>
[[noreturn]] inline void DcheckFailed(const char (&line)[N]) {
  DcheckFailed(line, N - 1);
}

}  // namespace leaktrack

#define LEAKTRACK_DCHECK_LINE(file, line, condition) \
  "leaktrack: " file ":" #line ": does not hold: " condition "\n"
#define LEAKTRACK_DCHECK_AT(file, line, condition) LEAKTRACK_DCHECK_LINE(file, line, condition)
#define LEAKTRACK_DCHECK(condition)   \
  ((condition) ? static_cast<void>(0) \
               : ::leaktrack::DcheckFailed(LEAKTRACK_DCHECK_AT(__FILE__, __LINE__, #condition)))

#else

#define LEAKTRACK_DCHECK(condition) static_cast<void>(sizeof((condition) ? 1 : 0))

#endif

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_DCHECK_H_

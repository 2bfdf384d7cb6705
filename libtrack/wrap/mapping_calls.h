// SPDX-License-Identifier: Apache-2.0
//
// Mapping calls by number, through syscall(). They mean the same as the functions of those names.
//
// Limits: the system call brk is passed on, because the C library must not learn of it. Calls that
// a program makes by its own instructions (Go) are not seen.
//
// Thread-safety: yes.
// Allocates: no.
// Signals: as the real calls.
// Fork: inert until the child's run starts.
#ifndef LEAKTRACK_LIBTRACK_WRAP_MAPPING_CALLS_H_
#define LEAKTRACK_LIBTRACK_WRAP_MAPPING_CALLS_H_

#include <sys/syscall.h>

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"

namespace leaktrack::track {

inline bool IsMappingCall(long number) {
  constexpr uint64_t kLow = uint64_t{1} << SYS_mmap | uint64_t{1} << SYS_mprotect |
                            uint64_t{1} << SYS_munmap | uint64_t{1} << SYS_mremap |
                            uint64_t{1} << SYS_shmat;
  const auto index = static_cast<unsigned long>(number);
  return index < 64 ? (kLow >> index & 1) != 0 : number == SYS_shmdt || number == SYS_pkey_mprotect;
}

// For the caller of syscall(). Only for numbers for which IsMappingCall() is true.
long MappingCall(const StackStart& start, long number, long a, long b, long c, long d, long e,
                 long f);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_MAPPING_CALLS_H_

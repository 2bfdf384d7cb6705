// SPDX-License-Identifier: Apache-2.0
//
// Recognises files whose pages are only memory: memfd, tmpfs (shm_open), hugetlbfs, /dev/zero.
//
// Limits: it asks the kernel, so under a seccomp filter no file is one of them. Other devices are
// not (a GPU's memory is its own).
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// errno: untouched.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_WRAP_FILE_MEMORY_H_
#define LEAKTRACK_LIBTRACK_WRAP_FILE_MEMORY_H_

namespace leaktrack::track {

bool IsFileInMemory(int fd);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_FILE_MEMORY_H_

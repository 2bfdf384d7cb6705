// SPDX-License-Identifier: Apache-2.0
//
// Which C library the program runs on. One file of ours loads under glibc and musl; what only one
// of them has is named weakly.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_C_LIBRARY_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_C_LIBRARY_H_

// Declared weak: null where the library lacks it.
extern "C" [[gnu::weak]] const char* gnu_get_libc_version();

namespace leaktrack::track {

// False under musl, and under any other C library.
inline bool IsGlibc() { return gnu_get_libc_version != nullptr; }

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_C_LIBRARY_H_

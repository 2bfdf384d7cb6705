// SPDX-License-Identifier: Apache-2.0
//
// What we ask of the dynamic loader, bound so that the library also loads on systems older than the
// one it was built on.
//
// dlsym, dlopen and the pthread functions have the symbol version GLIBC_2.2.5 and are weak. Before
// glibc 2.34 they live in libdl and libpthread, which a program need not have loaded. Test each
// against nullptr.
//
// Thread-safety: as the functions.
// Allocates: dlsym and dlopen may.
// Signals: unsafe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_LINKER_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_LINKER_H_

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#define LEAKTRACK_OLD_WEAK(name)                                            \
  __asm__(".symver " #name "," #name "@GLIBC_2.2.5");                       \
  _Pragma("GCC diagnostic push")                                            \
      _Pragma("GCC diagnostic ignored \"-Wignored-attributes\"") extern "C" \
      __attribute__((weak)) decltype(name) name;                            \
  _Pragma("GCC diagnostic pop")

LEAKTRACK_OLD_WEAK(dlsym)
LEAKTRACK_OLD_WEAK(dlopen)
LEAKTRACK_OLD_WEAK(dladdr)
LEAKTRACK_OLD_WEAK(pthread_create)
LEAKTRACK_OLD_WEAK(pthread_attr_setstacksize)
LEAKTRACK_OLD_WEAK(pthread_attr_setdetachstate)
LEAKTRACK_OLD_WEAK(pthread_sigmask)

namespace leaktrack::track {

// True if the address lies in this library.
bool IsOurs(const void* address);

// The definition of `name` in the first loaded object after this library. It walks the link map
// itself, for systems without dlsym. It reads only what the loader has finished. nullptr: not
// found.
void* FindSymbolInLinkMap(const char* name);

// The first definition of `name` in the program's search order, which may be ours. nullptr: there
// is none. Why not dlsym(RTLD_DEFAULT): it searches a library linked with -Bsymbolic first, so it
// would always find ours.
void* FindFirstSymbol(const char* name);

// The next definition, with the loader's entry of the object that contains it.
struct FoundSymbol {
  void* address = nullptr;
  const void* object = nullptr;
};
FoundSymbol FindNextInLinkMap(const char* name);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_LINKER_H_

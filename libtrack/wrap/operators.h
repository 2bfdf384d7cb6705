// SPDX-License-Identifier: Apache-2.0
//
// operator new and delete, for allocators that bring their own.
//
// jemalloc, tcmalloc and mimalloc define the C++ operators without going through malloc, so a hook
// on malloc alone would be blind to every C++ program linked with them. libstdc++'s and libc++'s do
// go through malloc; counting both would count twice (pitfall S5). So each operator is looked up
// once: if it lies in the module of the real malloc (and is not the C library) it is counted here,
// otherwise it is only forwarded to.
//
// Why found lazily: the C++ runtime may arrive by dlopen, long after us, and outside the global
// scope (a Python extension). What was there at the start is found once, for all callers; what came
// later is found for each caller, in its own scope, as two plugins may each have operators of their
// own. Where none is found at all, malloc and free stand in; a failed allocation then aborts, as we
// cannot throw.
//
// Thread-safety: yes.
// Allocates: what the program asked for.
// Signals: as the operators.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_WRAP_OPERATORS_H_
#define LEAKTRACK_LIBTRACK_WRAP_OPERATORS_H_

#include <cstddef>

namespace leaktrack::track {

// Each entry takes (size, alignment, tag) or (block, size or alignment, alignment or tag): on
// x86-64 the arguments of the various forms lie in the same registers, whatever their names.
using OperatorNew = void* (*)(size_t, size_t, const void*);
using OperatorDelete = void (*)(void*, size_t, size_t);

enum NewForm {
  kNew,
  kNewArray,
  kNewNothrow,
  kNewArrayNothrow,
  kNewAligned,
  kNewArrayAligned,
  kNewAlignedNothrow,
  kNewArrayAlignedNothrow,
  kNewForms
};
enum DeleteForm {
  kDelete,
  kDeleteArray,
  kDeleteSized,
  kDeleteArraySized,
  kDeleteNothrow,
  kDeleteArrayNothrow,
  kDeleteAligned,
  kDeleteArrayAligned,
  kDeleteSizedAligned,
  kDeleteArraySizedAligned,
  kDeleteAlignedNothrow,
  kDeleteArrayAlignedNothrow,
  kDeleteForms
};

// Where the interposed operators jump to. At first to a function that finds out.
extern OperatorNew g_new[kNewForms];
extern OperatorDelete g_delete[kDeleteForms];

// After a dlclose: another library may come to the place of those that called.
void ForgetCallersOfOperators();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_OPERATORS_H_

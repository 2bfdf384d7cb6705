// SPDX-License-Identifier: Apache-2.0
//
// operator new and delete, for allocators that define their own.
//
// jemalloc, tcmalloc and mimalloc define the C++ operators without going through malloc. A hook on
// malloc alone would therefore miss every C++ program linked with them. The operators of libstdc++
// and libc++ do go through malloc, and counting both would count twice (pitfall S5). So each
// operator is looked up once. If it lies in the module of the real malloc, and this is not the C
// library, it is counted here. Otherwise the call is only forwarded.
//
// Why the lookup is lazy: the C++ runtime may arrive by dlopen, long after us, and outside the
// global scope (a Python extension). An operator that was there at the start is found once, for all
// callers. One that came later is found for each caller, in the caller's own scope, because two
// plugins may have different operators. If none is found at all, malloc and free are used. A failed
// allocation then aborts, because we cannot throw.
//
// Thread-safety: yes.
// Allocates: what the program asked for.
// Signals: as the operators.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_WRAP_OPERATORS_H_
#define LEAKTRACK_LIBTRACK_WRAP_OPERATORS_H_

#include <cstddef>

namespace leaktrack::track {

// Each function takes (size, alignment, tag) or (block, size or alignment, alignment or tag). On
// x86-64 the arguments of all forms lie in the same registers, whatever their names.
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
// The mangled names.
inline constexpr const char* kNewNames[kNewForms] = {"_Znwm",
                                                     "_Znam",
                                                     "_ZnwmRKSt9nothrow_t",
                                                     "_ZnamRKSt9nothrow_t",
                                                     "_ZnwmSt11align_val_t",
                                                     "_ZnamSt11align_val_t",
                                                     "_ZnwmSt11align_val_tRKSt9nothrow_t",
                                                     "_ZnamSt11align_val_tRKSt9nothrow_t"};
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

// The interposed operators jump to these. At first each is a function that looks the operator up.
extern OperatorNew g_new[kNewForms];
extern OperatorDelete g_delete[kDeleteForms];

// Call it after a dlclose: another library may be loaded where a caller was.
void ForgetCallersOfOperators();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_OPERATORS_H_

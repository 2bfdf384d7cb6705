// SPDX-License-Identifier: Apache-2.0
//
// The mangled names of operator new and delete. Each is one indirect jump (see wrap/operators.h).
// The forms differ only in their parameters. Parameters that a form does not have are passed on as
// whatever the registers hold.
#include <cstddef>

#include "libtrack/interpose/export.h"
#include "libtrack/wrap/operators.h"

using namespace leaktrack::track;  // NOLINT: this file only exports it

#define LEAKTRACK_NEW(name, form)                                               \
  LEAKTRACK_EXPORT void* name(size_t size, size_t alignment, const void* tag) { \
    return g_new[form](size, alignment, tag);                                   \
  }
LEAKTRACK_NEW(_Znwm, kNew)
LEAKTRACK_NEW(_Znam, kNewArray)
LEAKTRACK_NEW(_ZnwmSt11align_val_t, kNewAligned)
LEAKTRACK_NEW(_ZnamSt11align_val_t, kNewArrayAligned)
LEAKTRACK_NEW(_ZnwmRKSt9nothrow_t, kNewNothrow)
LEAKTRACK_NEW(_ZnamRKSt9nothrow_t, kNewArrayNothrow)
LEAKTRACK_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, kNewAlignedNothrow)
LEAKTRACK_NEW(_ZnamSt11align_val_tRKSt9nothrow_t, kNewArrayAlignedNothrow)
#undef LEAKTRACK_NEW

#define LEAKTRACK_DELETE(name, form)                            \
  LEAKTRACK_EXPORT void name(void* block, size_t a, size_t b) { \
    return g_delete[form](block, a, b);                         \
  }
LEAKTRACK_DELETE(_ZdlPv, kDelete)
LEAKTRACK_DELETE(_ZdaPv, kDeleteArray)
LEAKTRACK_DELETE(_ZdlPvm, kDeleteSized)
LEAKTRACK_DELETE(_ZdaPvm, kDeleteArraySized)
LEAKTRACK_DELETE(_ZdlPvRKSt9nothrow_t, kDeleteNothrow)
LEAKTRACK_DELETE(_ZdaPvRKSt9nothrow_t, kDeleteArrayNothrow)
LEAKTRACK_DELETE(_ZdlPvSt11align_val_t, kDeleteAligned)
LEAKTRACK_DELETE(_ZdaPvSt11align_val_t, kDeleteArrayAligned)
LEAKTRACK_DELETE(_ZdlPvmSt11align_val_t, kDeleteSizedAligned)
LEAKTRACK_DELETE(_ZdaPvmSt11align_val_t, kDeleteArraySizedAligned)
LEAKTRACK_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, kDeleteAlignedNothrow)
LEAKTRACK_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, kDeleteArrayAlignedNothrow)
#undef LEAKTRACK_DELETE

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/mapping_calls.h"

#include <cstddef>

#include "libtrack/capture/dcheck.h"
#include "libtrack/wrap/mapping.h"
#include "libtrack/wrap/segments.h"

namespace leaktrack::track {
namespace {

void* Pointer(long word) { return reinterpret_cast<void*>(word); }
long Word(const void* pointer) { return reinterpret_cast<long>(pointer); }
size_t Size(long word) { return static_cast<size_t>(word); }
int Int(long word) { return static_cast<int>(word); }

}  // namespace

long MappingCall(const StackStart& start, long number, long a, long b, long c, long d, long e,
                 long f) {
  LEAKTRACK_DCHECK(IsMappingCall(number));
  constexpr RealCall kBy = RealCall::kByNumber;
  switch (number) {
    case SYS_mmap:
      return Word(MapMemoryFrom(start, kBy, Pointer(a), Size(b), Int(c), Int(d), Int(e), f));
    case SYS_munmap:
      return UnmapMemoryFrom(kBy, Pointer(a), Size(b));
    case SYS_mremap:
      return Word(RemapMemoryFrom(start, kBy, Pointer(a), Size(b), Size(c), Int(d), Pointer(e)));
    case SYS_mprotect:
      return ProtectMemoryFrom(start, kBy, Pointer(a), Size(b), Int(c));
    case SYS_pkey_mprotect:
      return ProtectMemoryByKeyFrom(start, Pointer(a), Size(b), Int(c), Int(d));
    case SYS_shmat:
      return Word(AttachSegmentFrom(start, kBy, Int(a), Pointer(b), Int(c)));
    default:
      return DetachSegmentFrom(kBy, Pointer(a));
  }
}

}  // namespace leaktrack::track

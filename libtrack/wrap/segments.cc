// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/segments.h"

#include <errno.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <cstddef>

#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/wrap/mapping_books.h"

namespace leaktrack::track {
namespace {

// The error result of shmat and sbrk.
void* Failed() { return reinterpret_cast<void*>(-1L); }

uintptr_t Address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

long SetErrno(long result) {
  if (!raw::Failed(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

void* RealShmat(RealCall real, int id, const void* address, int flags) {
  if (real == RealCall::kByName && ResolveRealFunctions() && g_real.shmat != nullptr)
    return g_real.shmat(id, address, flags);
  return reinterpret_cast<void*>(SetErrno(raw::Call(SYS_shmat, id, raw::Ptr(address), flags)));
}

int RealShmdt(RealCall real, const void* address) {
  if (real == RealCall::kByName && ResolveRealFunctions() && g_real.shmdt != nullptr)
    return g_real.shmdt(address);
  return static_cast<int>(SetErrno(raw::Call(SYS_shmdt, raw::Ptr(address))));
}

// The C library remembers the break, so only its own functions may move it. While they are being
// looked up, nobody can move it.
bool BreakIsKnown() {
  if (ResolveRealFunctions() && g_real.brk != nullptr && g_real.sbrk != nullptr) return true;
  errno = ENOMEM;
  return false;
}

size_t SegmentSize(int id) {
  if (raw::Forbidden()) return 0;
  struct shmid_ds segment;
  return raw::Call(SYS_shmctl, id, IPC_STAT, raw::Ptr(&segment)) == 0 ? segment.shm_segsz : 0;
}

// Takes out what lies above the new break before it goes.
void DetachAbove(uintptr_t new_break, uintptr_t old_break, DetachedMappings& detached) {
  if (new_break < old_break) DetachRange(new_break, old_break - new_break, detached);
}

}  // namespace

void* AttachSegmentFrom(const StackStart& start, RealCall real, int id, const void* address,
                        int flags) {
  void* const attached = RealShmat(real, id, address, flags);
  if (attached == Failed()) return attached;
  const size_t bytes = SegmentSize(id);
  if (bytes == 0) return CountLostMapping(), attached;
  if ((flags & SHM_REMAP) != 0) {
    ForgetRange(Address(attached), bytes);
    NoteUnmap();
  }
  RememberAttachment(start, Address(attached), bytes);
  return attached;
}

[[gnu::noinline]] void* AttachSegment(int id, const void* address, int flags) {
  return AttachSegmentFrom(LEAKTRACK_CALLER_STACK_START(), RealCall::kByName, id, address, flags);
}

int DetachSegmentFrom(RealCall real, const void* address) {
  DetachedMappings detached;
  DetachAttachment(Address(address), detached);
  const int result = RealShmdt(real, address);
  EndDetached(detached, result == 0);
  NoteUnmap();
  return result;
}

[[gnu::noinline]] int DetachSegment(const void* address) {
  return DetachSegmentFrom(RealCall::kByName, address);
}

[[gnu::noinline]] int SetBreak(void* address) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  if (!BreakIsKnown()) return -1;
  const uintptr_t old_break = Address(g_real.sbrk(0)), new_break = Address(address);
  DetachedMappings detached;
  DetachAbove(new_break, old_break, detached);
  const int result = g_real.brk(address);
  EndDetached(detached, result == 0);
  if (result == 0 && new_break > old_break) RememberBytes(start, old_break, new_break - old_break);
  return result;
}

[[gnu::noinline]] void* MoveBreak(intptr_t by) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  if (!BreakIsKnown()) return Failed();
  DetachedMappings detached;
  if (by < 0) {
    const uintptr_t old_break = Address(g_real.sbrk(0));
    DetachAbove(old_break + static_cast<uintptr_t>(by), old_break, detached);
  }
  void* const result = g_real.sbrk(by);
  EndDetached(detached, result != Failed());
  if (by > 0 && result != Failed()) RememberBytes(start, Address(result), static_cast<size_t>(by));
  return result;
}

}  // namespace leaktrack::track

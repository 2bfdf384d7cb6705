// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/sparse_memory.h"

#include <sys/mman.h>

#include <atomic>
#include <iterator>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

constexpr int kMapFixedNoReplace = 0x100000;  // Linux 4.17; before, the address is only a hint
constexpr uint64_t kStepBits = 21;            // ranges begin where a huge page may
constexpr int kTries = 8;
constexpr uint64_t kMoreThanFits = uint64_t{1} << 46;
constexpr long kBadAddress = -14;  // EFAULT

struct Place {
  std::atomic<uintptr_t> from, to;
};
constinit Place g_places[8]{};
constinit std::atomic<uint32_t> g_place_count{0};

void Remember(const char* at, uint64_t bytes) {
  Place& place = g_places[g_place_count.fetch_add(1) % std::size(g_places)];
  place.from.store(reinterpret_cast<uintptr_t>(at));
  place.to.store(reinterpret_cast<uintptr_t>(at) + bytes);
}

[[maybe_unused]] bool AreWholePages(const char* at, uint64_t bytes) {
  return reinterpret_cast<uintptr_t>(at) % kPageBytes == 0 && bytes != 0 && bytes % kPageBytes == 0;
}

int FlagsOf(const Backing& backing) {
  return backing.fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
}

// After mlockall(MCL_FUTURE) a new writable mapping is made resident at once and stays locked. An
// inaccessible mapping is only locked, and that can be undone before it is made accessible.
void* MapUnlocked(void* at, uint64_t bytes, int flags, const Backing& backing) {
  void* const memory = raw::Mmap(at, bytes, PROT_NONE, flags, backing.fd, backing.offset);
  if (raw::MmapFailed(memory)) return nullptr;
  const long start = raw::Ptr(memory);
  const auto length = static_cast<long>(bytes);
  const bool elsewhere = at != nullptr && memory != at;
  raw::Call(SYS_munlock, start, length);
  if (!elsewhere && raw::Call(SYS_mprotect, start, length, PROT_READ | PROT_WRITE) == 0)
    return memory;
  raw::Munmap(memory, bytes);
  return nullptr;
}

uint64_t AnyNumber() {
  uint64_t number = 0;
  if (raw::Call(SYS_getrandom, raw::Ptr(&number), sizeof number, 1 /* GRND_NONBLOCK */) ==
      sizeof number)
    return number;
  return static_cast<uint64_t>(ReadClockNs(CLOCK_MONOTONIC)) * 0x9e37'79b9'7f4a'7c15ULL >> 16;
}

// True if the range is one mapping. It asks mremap for more than fits: EFAULT means that the range
// is not one mapping, another error that it is.
bool IsOneMapping(const char* at, uint64_t bytes) {
  return raw::Call(SYS_mremap, raw::Ptr(at), static_cast<long>(bytes), kMoreThanFits, 0) !=
         kBadAddress;
}

// At a place in our range that nobody has taken. Null: there is none.
char* MapSomewhere(uint64_t bytes, uint64_t first_bytes, const Backing& backing) {
  if (bytes >= kHighest - kLowest) return nullptr;
  const uint64_t places = (kHighest - kLowest - bytes) >> kStepBits;
  for (int i = 0; i < kTries; ++i) {
    char* const at = reinterpret_cast<char*>(kLowest + ((AnyNumber() % places) << kStepBits));
    if (MapPiece(at, first_bytes, backing)) return at;
  }
  return nullptr;
}

}  // namespace

char* PlaceSparse(uint64_t bytes, uint64_t first_bytes, const Backing& backing) {
  LEAKTRACK_DCHECK(first_bytes <= bytes);
  char* const at = MapSomewhere(bytes, first_bytes, backing);
  if (at != nullptr) Remember(at, bytes);
  return at;
}

bool IsSparse(uintptr_t address) {
  for (const Place& place : g_places) {
    if (address >= place.from.load() && address < place.to.load()) return true;
  }
  return false;
}

bool MapPiece(char* at, uint64_t bytes, const Backing& backing) {
  LEAKTRACK_DCHECK(AreWholePages(at, bytes) && backing.offset % kPageBytes == 0);
  if (MapUnlocked(at, bytes, FlagsOf(backing) | kMapFixedNoReplace, backing) == nullptr)
    return false;
  if (backing.fd < 0) raw::Call(SYS_madvise, raw::Ptr(at), static_cast<long>(bytes), MADV_DONTDUMP);
  return true;
}

// If another thread has already extended the piece, it does not end at `end`, and the kernel
// refuses. Then the result is checked. The kernel never merges a piece of our file with foreign
// mappings. It could merge private memory; to prevent that, MapPiece marks ours.
bool ExtendPiece(char* end, uint64_t bytes) {
  LEAKTRACK_DCHECK(AreWholePages(end, bytes));
  char* const last = end - kPageBytes;
  // A locked mapping would grow by locked, resident pages.
  raw::Call(SYS_munlock, raw::Ptr(last), kPageBytes);
  const auto longer = static_cast<long>(kPageBytes + bytes);
  if (!raw::Failed(raw::Call(SYS_mremap, raw::Ptr(last), kPageBytes, longer, 0))) return true;
  return IsOneMapping(last, kPageBytes + bytes);
}

void* MapPrivate(uint64_t bytes) {
  const uint64_t whole = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  char* const at = MapSomewhere(whole, whole, {});
  return at != nullptr ? at : MapUnlocked(nullptr, bytes, FlagsOf({}), {});
}

}  // namespace leaktrack::track

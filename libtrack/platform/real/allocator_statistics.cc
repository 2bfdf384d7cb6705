// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/real/allocator_statistics.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <initializer_list>

#include "libtrack/capture/allocators.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/os/maps_reader.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/real_functions.h"

namespace leaktrack::track {
namespace {

struct WideMallinfo {  // mallinfo2
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

using capture::Allocator;

// The one that the program uses, and the functions by which it tells of itself.
struct UsedAllocator {
  Allocator which = Allocator::kUnknown;
  AllocatorReading (*read)() = nullptr;
  WideMallinfo (*mallinfo2)() = nullptr;
  NarrowMallinfo (*mallinfo)() = nullptr;
  int (*mallctl)(const char*, void*, size_t*, void*, size_t) = nullptr;
  int (*property)(const char*, size_t*) = nullptr;
  void (*process_info)(size_t*, size_t*, size_t*, size_t*, size_t*, size_t*, size_t*,
                       size_t*) = nullptr;
};
constinit UsedAllocator g_allocator{};

int64_t Known(uint64_t value) { return value > INT64_MAX ? -1 : static_cast<int64_t>(value); }

// Bytes of data and stack, from the sixth number of /proc/self/statm.
int64_t DataBytes() {
  char text[128];
  const int fd = raw::OpenAt(AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const long size = fd < 0 ? 0 : raw::Read(fd, text, sizeof text);
  if (fd >= 0) raw::Close(fd);
  int64_t number = 0;
  int spaces = 0;
  for (long i = 0; i < size; ++i) {
    if (text[i] == ' ' && ++spaces == 6) return number * 4096;
    if (text[i] == ' ')
      number = 0;
    else
      number = number * 10 + (text[i] - '0');
  }
  return -1;
}

AllocatorReading ReadGlibc() {
  AllocatorReading reading;
  if (g_allocator.mallinfo2 != nullptr) {
    const WideMallinfo info = g_allocator.mallinfo2();
    reading = {Known(info.uordblks + info.hblkhd), Known(info.fordblks),
               Known(info.arena + info.hblkhd), -1};
  } else {
    reading = FromNarrow(g_allocator.mallinfo(), DataBytes());
  }
  reading.arenas = CountGlibcArenas();
  return reading;
}

int64_t Control(const char* name) {
  size_t value = 0, size = sizeof value;
  return g_allocator.mallctl(name, &value, &size, nullptr, 0) == 0 ? Known(value) : -1;
}

AllocatorReading ReadJemalloc() {
  uint64_t epoch = 1;  // any value makes jemalloc update its statistics
  size_t size = sizeof epoch;
  unsigned arenas = 0;
  AllocatorReading reading;
  if (g_allocator.mallctl("epoch", &epoch, &size, &epoch, sizeof epoch) != 0) return reading;
  const int64_t resident = Control("stats.resident");
  reading.in_use = Control("stats.allocated");
  reading.mapped = Control("stats.mapped");
  if (resident >= reading.in_use && reading.in_use >= 0) reading.free = resident - reading.in_use;
  size = sizeof arenas;
  if (g_allocator.mallctl("arenas.narenas", &arenas, &size, nullptr, 0) == 0)
    reading.arenas = arenas;
  return reading;
}

int64_t Property(const char* name) {
  size_t value = 0;
  return g_allocator.property(name, &value) != 0 ? Known(value) : -1;
}

AllocatorReading ReadTcmalloc() {
  AllocatorReading reading;
  reading.in_use = Property("generic.current_allocated_bytes");
  reading.mapped = Property("generic.heap_size");
  reading.free = Property("tcmalloc.pageheap_free_bytes");
  for (const char* cache :
       {"tcmalloc.central_cache_free_bytes", "tcmalloc.transfer_cache_free_bytes",
        "tcmalloc.thread_cache_free_bytes"}) {
    const int64_t bytes = Property(cache);
    if (reading.free >= 0 && bytes > 0) reading.free += bytes;
  }
  return reading;
}

AllocatorReading ReadMimalloc() {
  size_t words[8] = {};
  g_allocator.process_info(words, words + 1, words + 2, words + 3, words + 4, words + 5, words + 6,
                           words + 7);
  AllocatorReading reading;
  reading.mapped = Known(words[5]);  // committed now
  return reading;
}

// The object that contains `symbol`, or nullptr.
const void* ObjectOf(const void* symbol) {
  Dl_info info{};
  if (symbol == nullptr || dladdr == nullptr || dladdr(symbol, &info) == 0) return nullptr;
  return info.dli_fbase;
}

// The definition of `name`, if it belongs to the object whose malloc the program uses; else null.
void* FindBeside(const void* object, const char* name) {
  void* found = name == nullptr ? nullptr : FindFirstSymbol(name);
  return found != nullptr && ObjectOf(found) == object ? found : nullptr;
}

template <typename Function>
bool Take(void* found, Function* function) {
  *function = reinterpret_cast<Function>(found);
  return found != nullptr;
}

// `told_by`: the function of that name in the table of allocators.
void Take(Allocator which, void* told_by, const void* object) {
  UsedAllocator& found = g_allocator;
  found.which = which;
  switch (which) {
    case Allocator::kJemalloc:
      if (Take(told_by, &found.mallctl)) found.read = ReadJemalloc;
      return;
    case Allocator::kTcmalloc:
      if (Take(told_by, &found.property)) found.read = ReadTcmalloc;
      return;
    case Allocator::kMimalloc:
      if (Take(told_by, &found.process_info)) found.read = ReadMimalloc;
      return;
    case Allocator::kGlibc:
      if (Take(FindBeside(object, "mallinfo2"), &found.mallinfo2) ||
          Take(FindBeside(object, "mallinfo"), &found.mallinfo)) {
        found.read = ReadGlibc;
      }
      return;
    case Allocator::kUnknown:
    case Allocator::kRpmalloc:
    case Allocator::kTbb:
    case Allocator::kSnmalloc:
    case Allocator::kScudo:
      return;  // they tell nothing that we ask for
  }
}

}  // namespace

void FindAllocator() {
  const void* first = FindFirstSymbol("malloc");
  const void* object =
      ObjectOf(IsOurs(first) ? reinterpret_cast<const void*>(g_real.malloc) : first);
  if (object == nullptr) return;
  for (const capture::AllocatorFacts& one : capture::kAllocators) {
    if (void* told_by = FindBeside(object, one.told_by))
      return Take(one.allocator, told_by, object);
  }
}

const char* AllocatorName() { return capture::AllocatorName(g_allocator.which); }

bool AllocatorTells() { return g_allocator.read != nullptr; }

AllocatorReading ReadAllocator() {
  return AllocatorTells() ? g_allocator.read() : AllocatorReading{};
}

AllocatorReading FromNarrow(const NarrowMallinfo& info, int64_t data_bytes) {
  AllocatorReading reading;
  if (data_bytes < 0 || data_bytes > INT32_MAX) return reading;
  const int64_t small = info.uordblks, large = info.hblkhd, free = info.fordblks,
                arena = info.arena;
  if (small < 0 || large < 0 || free < 0 || arena < 0 || small + free != arena) return reading;
  reading.in_use = small + large;
  reading.free = free;
  reading.mapped = arena + large;
  return reading;
}

// A heap begins at a multiple of 64 MiB (except heaps of 1 GiB pages) with a pointer to its arena.
// In the first heap of an arena, the arena follows directly after that header. The memory may go
// away at any time, so the kernel is asked to read it. A mapping directly below a heap may share
// its line in the maps file.
int64_t CountGlibcArenas() {
  constexpr uintptr_t kHeapBytes = uintptr_t{64} << 20;
  char buffer[4096];
  MapsReader maps(buffer);
  int64_t arenas = 1;
  for (MapsLine line; maps.Next(line);) {
    const uintptr_t heap = (line.start + kHeapBytes - 1) / kHeapBytes * kHeapBytes;
    if (heap >= line.end || !line.writable || line.inode != 0) continue;
    uintptr_t arena = 0;
    iovec to{&arena, sizeof arena}, from{reinterpret_cast<void*>(heap), sizeof arena};
    const long got =
        raw::Call(SYS_process_vm_readv, raw::Getpid(), raw::Ptr(&to), 1, raw::Ptr(&from), 1, 0);
    if (got != static_cast<long>(sizeof arena)) continue;
    if (arena > heap && arena - heap <= 128) ++arenas;
  }
  return maps.ok() ? arenas : -1;
}

}  // namespace leaktrack::track

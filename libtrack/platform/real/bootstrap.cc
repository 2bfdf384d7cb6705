// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/real/bootstrap.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

// The size is stored before every block, so that realloc can copy the block.
constexpr size_t kHeader = 16;
constexpr size_t kArenaBytes = 64 * 1024;
constexpr size_t kLargeChunks = 64;

alignas(64) constinit char g_arena[kArenaBytes]{};
constinit std::atomic<size_t> g_used{0};

// Blocks that did not fit into the arena. Each is a mapping of its own.
struct Chunk {
  std::atomic<uintptr_t> start;
  size_t bytes;
};
constinit Chunk g_chunks[kLargeChunks]{};
constinit std::atomic<uint32_t> g_chunk_count{0};

void* Place(uintptr_t from, size_t size, size_t alignment) {
  const uintptr_t at = (from + kHeader + alignment - 1) & ~(alignment - 1);
  reinterpret_cast<size_t*>(at)[-1] = size;
  return reinterpret_cast<void*>(at);
}

void* AllocateChunk(size_t size, size_t room, size_t alignment) {
  const uint32_t index = g_chunk_count.fetch_add(1, std::memory_order_relaxed);
  if (index >= kLargeChunks) return nullptr;
  void* base = raw::Mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw::MmapFailed(base)) return nullptr;
  g_chunks[index].bytes = room;
  g_chunks[index].start.store(reinterpret_cast<uintptr_t>(base), std::memory_order_release);
  return Place(reinterpret_cast<uintptr_t>(base), size, alignment);
}

}  // namespace

void* BootstrapAllocate(size_t size, size_t alignment) {
  LEAKTRACK_DCHECK((alignment & (alignment - 1)) == 0);
  if (alignment < 16) alignment = 16;
  if (size > SIZE_MAX / 2 || alignment > SIZE_MAX / 4) return nullptr;
  const size_t room = (size + kHeader + alignment + 15) & ~size_t{15};
  size_t used = g_used.load(std::memory_order_relaxed);
  while (room <= kArenaBytes - used) {
    if (g_used.compare_exchange_weak(used, used + room, std::memory_order_relaxed)) {
      return Place(reinterpret_cast<uintptr_t>(g_arena) + used, size, alignment);
    }
  }
  return AllocateChunk(size, room, alignment);
}

bool BootstrapWasUsed() {
  return g_used.load(std::memory_order_relaxed) != 0 ||
         g_chunk_count.load(std::memory_order_relaxed) != 0;
}

bool IsBootstrapBlock(const void* block) {
  const auto at = reinterpret_cast<uintptr_t>(block);
  if (at - reinterpret_cast<uintptr_t>(g_arena) < kArenaBytes) return true;
  const uint32_t count = g_chunk_count.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count && i < kLargeChunks; ++i) {
    const uintptr_t start = g_chunks[i].start.load(std::memory_order_acquire);
    if (start != 0 && at - start < g_chunks[i].bytes) return true;
  }
  return false;
}

size_t BootstrapSize(const void* block) {
  LEAKTRACK_DCHECK(IsBootstrapBlock(block));
  return static_cast<const size_t*>(block)[-1];
}

}  // namespace leaktrack::track

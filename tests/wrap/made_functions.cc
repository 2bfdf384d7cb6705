// SPDX-License-Identifier: Apache-2.0
#include "tests/wrap/made_functions.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace leaktrack::made {

Script g_script;

namespace {

constexpr size_t kArenaBytes = size_t{64} << 20, kPage = 4096;
constexpr size_t kHeader = 16;  // the size of a block stands before it

alignas(kPage) char g_arena[kArenaBytes];
std::atomic<size_t> g_used{0};
alignas(kPage) char g_break_room[1 << 20];
char* g_break = g_break_room;

bool Refused() {
  int left = g_script.refusals.load();
  while (left > 0 && !g_script.refusals.compare_exchange_weak(left, left - 1)) {
  }
  if (left > 0) errno = ENOMEM;
  return left > 0;
}

void* Cut(size_t size, size_t alignment) {
  ++g_script.allocations;
  if (Refused()) return nullptr;
  if (g_script.during_allocation) g_script.during_allocation();
  if (g_script.next_block != nullptr) return std::exchange(g_script.next_block, nullptr);
  if (size > kArenaBytes / 2) return errno = ENOMEM, nullptr;
  const size_t room = (kHeader + alignment + size + 15) & ~size_t{15};
  const size_t from = g_used.fetch_add(room);
  if (from + room > kArenaBytes) abort();  // a test takes more than there is
  const auto begin = reinterpret_cast<uintptr_t>(g_arena) + from + kHeader;
  auto* const block = reinterpret_cast<char*>((begin + alignment - 1) / alignment * alignment);
  std::memcpy(block - kHeader, &size, sizeof size);
  return block;
}

bool MappingRefused() {
  ++g_script.mapping_calls;
  return Refused();
}

}  // namespace

void ResetScript() {
  g_script.refusals = 0;
  g_script.next_block = nullptr;
  g_script.during_allocation = nullptr;
  g_script.before_free = nullptr;
  g_script.public_malloc = nullptr;
  g_script.allocations = g_script.frees = g_script.mapping_calls = 0;
}

size_t UsableSize(void* block) {
  size_t size = 0;
  if (block != nullptr) std::memcpy(&size, static_cast<char*>(block) - kHeader, sizeof size);
  return size;
}

void* Malloc(size_t size) { return Cut(size, 16); }

void Free(void* block) {
  ++g_script.frees;
  if (g_script.before_free) g_script.before_free(block);
}

void* Calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) return errno = ENOMEM, nullptr;
  return Cut(bytes, 16);  // the arena is zero, and nothing of it is used twice
}

void* Realloc(void* block, size_t size) {
  if (block != nullptr && size == 0) return Free(block), nullptr;
  void* const moved = Cut(size, 16);
  if (moved != nullptr && block != nullptr)
    std::memcpy(moved, block, std::min(size, UsableSize(block)));
  return moved;
}

void* Reallocarray(void* block, size_t count, size_t size) { return Realloc(block, count * size); }

int PosixMemalign(void** block, size_t alignment, size_t size) {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  const int saved_errno = errno;
  void* const made = Cut(size, alignment);
  errno = saved_errno;
  if (made == nullptr) return ENOMEM;
  *block = made;
  return 0;
}

void* Memalign(size_t alignment, size_t size) {
  if (g_script.public_malloc == nullptr) return Cut(size, alignment);
  void* const block = g_script.public_malloc(size + alignment);
  const auto at = reinterpret_cast<uintptr_t>(block);
  return reinterpret_cast<void*>((at + alignment - 1) / alignment * alignment);
}

void* Valloc(size_t size) { return Cut(size, kPage); }
void* Pvalloc(size_t size) { return Cut((size + kPage - 1) / kPage * kPage, kPage); }

void* MapPageBy(void* (*hook)(void*, size_t, int, int, int, off_t)) {
  void* const page =
      hook(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  asm volatile("" ::: "memory");  // its frame stays while the hook is at work
  return page;
}

void* Mmap(void* at, size_t length, int protection, int flags, int fd, off_t offset) {
  return MappingRefused() ? MAP_FAILED : mmap(at, length, protection, flags, fd, offset);
}
int Munmap(void* at, size_t length) { return MappingRefused() ? -1 : munmap(at, length); }
void* Mremap(void* at, size_t old_length, size_t new_length, int flags, void* to) {
  return MappingRefused() ? MAP_FAILED : mremap(at, old_length, new_length, flags, to);
}
int Mprotect(void* at, size_t length, int protection) {
  return MappingRefused() ? -1 : mprotect(at, length, protection);
}
void* Shmat(int id, const void* at, int flags) {
  return MappingRefused() ? MAP_FAILED : shmat(id, at, flags);
}
int Shmdt(const void* at) { return MappingRefused() ? -1 : shmdt(at); }

int Brk(void* to) {
  if (MappingRefused()) return -1;
  g_break = static_cast<char*>(to);
  return 0;
}
void* Sbrk(intptr_t by) {
  if (by != 0 && MappingRefused()) return MAP_FAILED;
  return std::exchange(g_break, g_break + by);
}

}  // namespace leaktrack::made

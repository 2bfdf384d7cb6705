// SPDX-License-Identifier: Apache-2.0
//
// The functions behind the hooks, as the tests of wrap make them: an allocator that cuts blocks
// from an arena of its own, mapping calls that go on to the C library, a program break that is a
// number.
//
// Why not the real ones: under a sanitizer malloc is the sanitizer's; and a test must see a real
// function at work, make it fail, or have it call itself by its public name. They lie in a library
// of their own, as an allocator does: its object is what the library under test knows it by.
// Limits: a freed block is never handed out again, unless a script says so.
//
// Thread-safety: the functions from any thread; the script before threads start.
#ifndef LEAKTRACK_TESTS_WRAP_MADE_FUNCTIONS_H_
#define LEAKTRACK_TESTS_WRAP_MADE_FUNCTIONS_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#pragma GCC visibility push(default)

namespace leaktrack::made {

// What the functions are to do. Fresh for each test.
struct Script {
  std::atomic<int> refusals{0};             // so many calls from now on fail, with ENOMEM
  void* next_block = nullptr;               // handed out by the next malloc instead of a fresh one
  std::function<void()> during_allocation;  // in the middle of malloc and its kin
  std::function<void(void* block)> before_free;  // on the way into free
  void* (*public_malloc)(size_t) = nullptr;      // Memalign then takes its block from there
  std::atomic<int> allocations{0}, frees{0}, mapping_calls{0};
};
extern Script g_script;
void ResetScript();

void* Malloc(size_t size);
void Free(void* block);
void* Calloc(size_t count, size_t size);
void* Realloc(void* block, size_t size);  // moves; of size 0: frees, and returns nothing
void* Reallocarray(void* block, size_t count, size_t size);
int PosixMemalign(void** block, size_t alignment, size_t size);
void* Memalign(size_t alignment, size_t size);
void* Valloc(size_t size);
void* Pvalloc(size_t size);
size_t UsableSize(void* block);

// Maps a page for itself, through the hook that it is given.
void* MapPageBy(void* (*hook)(void*, size_t, int, int, int, off_t));

void* Mmap(void* at, size_t length, int protection, int flags, int fd, off_t offset);
int Munmap(void* at, size_t length);
void* Mremap(void* at, size_t old_length, size_t new_length, int flags, void* to);
int Mprotect(void* at, size_t length, int protection);
void* Shmat(int id, const void* at, int flags);
int Shmdt(const void* at);
int Brk(void* to);
void* Sbrk(intptr_t by);

}  // namespace leaktrack::made

#pragma GCC visibility pop

#endif  // LEAKTRACK_TESTS_WRAP_MADE_FUNCTIONS_H_

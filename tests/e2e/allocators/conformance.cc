// SPDX-License-Identifier: Apache-2.0
// The whole malloc family of the program's allocator. Everything that depends on the allocator
// (refusals, errno, usable sizes) is printed, so that allocators_test.py can compare the output of
// a tracked run with that of a plain one.
// CASE: seen
// EXPECT: end exited
// EXPECT: live LeakMalloc 1 objects 1009 bytes
// EXPECT: live LeakCalloc 1 objects 1017 bytes
// EXPECT: live LeakRealloc 1 objects 5011 bytes
// EXPECT: live LeakReallocarray 1 objects 1036 bytes
// EXPECT: live LeakPosixMemalign 1 objects 1021 bytes
// EXPECT: live LeakAlignedAlloc 1 objects 8192 bytes
// EXPECT: live LeakMemalign 1 objects 1031 bytes
// EXPECT: live LeakValloc 1 objects 1033 bytes
// EXPECT: live LeakPvalloc 1 objects 8192 bytes
// EXPECT: live LeakStrdup 1 objects 27 bytes
// EXPECT: live LeakNew 1 objects 1101 bytes
// EXPECT: live LeakNewArray 1 objects 1102 bytes
// EXPECT: live LeakNewNothrow 1 objects 1103 bytes
// EXPECT: live LeakNewArrayNothrow 1 objects 1104 bytes
// EXPECT: live LeakNewAligned 1 objects 1152 bytes
// EXPECT: live LeakNewArrayAligned 1 objects 1216 bytes
// EXPECT: live LeakNewAlignedNothrow 1 objects 1280 bytes
// EXPECT: live LeakNewArrayAlignedNothrow 1 objects 1344 bytes
// EXPECT: absent Refusals
// EXPECT: absent Sizes
// EXPECT: absent CppRefusals
// EXPECT: absent EveryDelete
// EXPECT: absent GivenBackElsewhere
// EXPECT: absent ExtendedCalls
// CASE: bypassed
// EXPECT: end exited
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "leaks.h"

namespace {

volatile size_t huge = PTRDIFF_MAX;

void Tell(const char* what, long value) { printf("%s %ld\n", what, value); }

// Prints the outcome of a refused call: its result and errno.
void TellRefusal(const char* what, const void* result) {
  const int error = errno;
  printf("%s %s errno %d\n", what, result == nullptr ? "null" : "block",
         result == nullptr ? error : 0);
  errno = 0;
}

// Frees what the call may have returned against expectation.
NOINLINE void TellAndFree(const char* what, void* result) {
  TellRefusal(what, result);
  free(result);
}

NOINLINE void Refusals() {
  errno = 0;
  TellAndFree("malloc(huge)", Escape(malloc(huge)));
  TellAndFree("calloc(huge, 16)", Escape(calloc(huge, 16)));
  TellAndFree("calloc(16, huge)", Escape(calloc(16, huge)));
  TellAndFree("calloc(1, huge)", Escape(calloc(1, huge)));
  TellAndFree("reallocarray overflow", Escape(reallocarray(nullptr, huge, 16)));
  TellAndFree("aligned_alloc(huge)", Escape(aligned_alloc(64, huge)));
  TellAndFree("memalign(huge)", Escape(memalign(64, huge)));
  TellAndFree("valloc(huge)", Escape(valloc(huge)));
  TellAndFree("malloc(0)", Escape(malloc(0)));
  TellAndFree("calloc(0, 1)", Escape(calloc(0, 1)));
  TellAndFree("realloc(NULL, 0)", Escape(realloc(nullptr, 0)));
  TellAndFree("reallocarray(NULL, 0, 8)", Escape(reallocarray(nullptr, 0, 8)));
  TellAndFree("realloc(p, 0)", Escape(realloc(malloc(100), 0)));
  TellAndFree("aligned_alloc(64, 100)", Escape(aligned_alloc(64, 100)));
  for (const size_t alignment : std::initializer_list<size_t>{0, 1, 2, 3, 4, 8, 48}) {
    static char mark;
    void* untouched = &mark;
    const int result = posix_memalign(&untouched, alignment, 100);
    printf("posix_memalign(%zu) %d errno %d %s\n", alignment, result, errno,
           untouched == &mark ? "untouched" : "set");
    if (result == 0) free(untouched);
  }
  char* kept = static_cast<char*>(malloc(100));
  std::memset(kept, 7, 100);
  TellRefusal("realloc(p, huge)", Escape(realloc(kept, huge)));
  TellRefusal("reallocarray(p, overflow)", Escape(reallocarray(kept, huge, 3)));
  for (int i = 0; i < 100; ++i) REQUIRE(kept[i] == 7);
  errno = 77;
  free(kept);
  free(nullptr);
  REQUIRE(errno == 77);
  Tell("usable size of null", static_cast<long>(malloc_usable_size(nullptr)));
}

NOINLINE void Sizes() {
  for (const size_t size :
       std::initializer_list<size_t>{1, 24, 25, 100, 1000, 4000, 5000, 33000, 200000, 3000000}) {
    void* block = Escape(malloc(size));
    printf("usable size of %zu: %zu\n", size, malloc_usable_size(block));
    // All usable bytes may be written.
    Use(block, size < 16 ? 8 : 16, malloc_usable_size(block));
    block = realloc(block, 2 * size);
    REQUIRE(block != nullptr && static_cast<unsigned char*>(block)[size - 1] == 0x5a);
    free(block);
    char* zeroed = static_cast<char*>(Escape(calloc(3, size)));
    for (size_t i = 0; i < 3 * size; ++i) REQUIRE(zeroed[i] == 0);
    free(zeroed);
  }
}

int handler_calls = 0;

void GivesUpAtTheThird() {
  if (++handler_calls == 3) std::set_new_handler(nullptr);
}

template <typename Allocate>
bool Throws(Allocate allocate) {
  try {
    Escape(allocate());
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

// mimalloc is a C library: it cannot throw and aborts instead.
NOINLINE void CppRefusals() {
  if (dlsym(RTLD_DEFAULT, "mi_malloc") != nullptr) return;
  Tell("new throws", Throws([] { return ::operator new(huge); }));
  Tell("new[] throws", Throws([] { return ::operator new[](huge); }));
  Tell("aligned new throws", Throws([] { return ::operator new(huge, kAlign); }));
  TellRefusal("nothrow new", Escape(::operator new(huge, std::nothrow)));
  TellRefusal("nothrow new[]", Escape(::operator new[](huge, std::nothrow)));
  TellRefusal("nothrow aligned new", Escape(::operator new(huge, kAlign, std::nothrow)));
  std::set_new_handler(GivesUpAtTheThird);
  Tell("new with a handler throws", Throws([] { return ::operator new(huge); }));
  Tell("calls of the handler", handler_calls);
  std::set_new_handler(nullptr);
}

NOINLINE void EveryDelete() {
  NewAndDeleteInEveryWay();
  ::operator delete(nullptr);
}

// Blocks that libc or one entry point allocates and another frees.
NOINLINE void GivenBackElsewhere() {
  free(realloc(PosixMemalign(256, 700), 9000));
  free(realloc(memalign(256, 700), 10));
  free(reallocarray(aligned_alloc(64, 640), 30, 30));
  free(valloc(700));
  free(realloc(strdup("a text"), 500));
  free(strndup("another text", 4));
  char* text = nullptr;
  REQUIRE(asprintf(&text, "%0300d", 1) == 300);
  free(text);
  FILE* file = fopen("/proc/self/maps", "r");
  char* line = nullptr;
  size_t room = 0;
  REQUIRE(file != nullptr && getline(&line, &room, file) > 0 && fclose(file) == 0);
  free(realloc(line, room + 4000));
  size_t written = 0;
  FILE* stream = open_memstream(&text, &written);
  REQUIRE(stream != nullptr && fputs("streamed", stream) > 0 && fclose(stream) == 0 &&
          written == 8);
  free(text);
  free(realpath("/proc/self/exe", nullptr));
}

template <typename Function>
Function* Find(const char* name) {
  void* found = dlsym(RTLD_DEFAULT, name);
  for (int i = 0; i < 2; ++i) dlerror();  // the second call returns the text of the first
  return reinterpret_cast<Function*>(found);
}

// Functions that only this allocator has. We hook none of them.
NOINLINE void ExtendedCalls() {
  if (auto* mallocx = Find<void*(size_t, int)>("mallocx"); mallocx != nullptr) {
    auto* rallocx = Find<void*(void*, size_t, int)>("rallocx");
    auto* sdallocx = Find<void(void*, size_t, int)>("sdallocx");
    auto* sallocx = Find<size_t(const void*, int)>("sallocx");
    const int aligned_128 = 7;  // MALLOCX_LG_ALIGN(7)
    free(mallocx(3001, 0));
    free(realloc(mallocx(3002, aligned_128), 7000));
    void* block = rallocx(mallocx(3003, aligned_128), 9003, aligned_128);
    REQUIRE(block != nullptr && reinterpret_cast<uintptr_t>(block) % 128 == 0);
    Tell("sallocx", static_cast<long>(sallocx(block, 0)));
    sdallocx(block, 9003, aligned_128);
  }
  if (auto* tc_malloc = Find<void*(size_t)>("tc_malloc"); tc_malloc != nullptr) {
    free(tc_malloc(3001));
    free(realloc(tc_malloc(3002), 7000));
    Find<void(void*)>("tc_free")(tc_malloc(3003));
  }
  if (auto* mi_malloc = Find<void*(size_t)>("mi_malloc"); mi_malloc != nullptr) {
    free(mi_malloc(3001));
    free(realloc(mi_malloc(3002), 7000));
    Find<void(void*)>("mi_free")(mi_malloc(3003));
  }
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IONBF, 0);
  Sizes();
  Refusals();
  CppRefusals();
  EveryDelete();
  GivenBackElsewhere();
  ExtendedCalls();
  LeakOneOfEach();
  return 0;
}

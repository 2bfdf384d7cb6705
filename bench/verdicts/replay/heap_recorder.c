// SPDX-License-Identifier: Apache-2.0
//
// LD_PRELOAD library that writes down every allocation and release of a process: the truth that
// replay.cc samples.
//
// Why not leaktrack's own exact mode: a capture has sums and survivors, but a replay needs the
// order of every call. HEAP_RECORD names the file; "%" in it becomes the process id. Only the
// process that loaded the library is recorded, not its forked children. Not for production: one
// lock, one buffer, 24 bytes per call.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Record {
  uint64_t block;  // allocated; released if size is 0
  uint64_t size;
  uint64_t replaced;  // the block that realloc replaced; 0: none
};

enum { kBuffered = 4096 };
static struct Record buffer[kBuffered];
static size_t used;
static int file = -1;
static pid_t owner;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void* (*real_malloc)(size_t);
static void* (*real_calloc)(size_t, size_t);
static void* (*real_realloc)(void*, size_t);
static void (*real_free)(void*);
static int (*real_memalign)(void**, size_t, size_t);

static void Flush(void) {
  const char* from = (const char*)buffer;
  size_t left = used * sizeof(buffer[0]);
  while (file >= 0 && left > 0) {
    const ssize_t done = write(file, from, left);
    if (done <= 0) {
      file = -1;
      break;
    }
    from += done;
    left -= (size_t)done;
  }
  used = 0;
}

static void Put(void* block, size_t size, void* replaced) {
  if (file < 0 || getpid() != owner) return;
  buffer[used++] = (struct Record){(uint64_t)(uintptr_t)block, size, (uint64_t)(uintptr_t)replaced};
  if (used == kBuffered) Flush();
}

// dlsym itself may call calloc. It gets memory from here, which is never freed.
static char early[64 * 1024];
static size_t early_used;
static void* Early(size_t size) {
  void* block = early + early_used;
  early_used += (size + 15) & ~(size_t)15;
  if (early_used > sizeof(early)) abort();
  return block;
}
static int IsEarly(const void* block) {
  return (const char*)block >= early && (const char*)block < early + sizeof(early);
}

__attribute__((constructor)) static void Start(void) {
  *(void**)&real_calloc = dlsym(RTLD_NEXT, "calloc");
  *(void**)&real_realloc = dlsym(RTLD_NEXT, "realloc");
  *(void**)&real_free = dlsym(RTLD_NEXT, "free");
  *(void**)&real_memalign = dlsym(RTLD_NEXT, "posix_memalign");
  *(void**)&real_malloc = dlsym(RTLD_NEXT, "malloc");
  const char* const path = getenv("HEAP_RECORD");
  if (path == NULL || file >= 0) return;
  char name[512];
  const char* const mark = strchr(path, '%');
  const int head = mark != NULL ? (int)(mark - path) : (int)strlen(path);
  snprintf(name, sizeof(name), mark != NULL ? "%.*s%d%s" : "%.*s", head, path, (int)getpid(),
           mark != NULL ? mark + 1 : "");
  owner = getpid();
  file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void Stop(void) {
  pthread_mutex_lock(&lock);
  if (file >= 0 && getpid() == owner) Flush();
  pthread_mutex_unlock(&lock);
}

static int Ready(void) {
  static __thread int starting;
  if (real_malloc != NULL) return 1;
  if (starting) return 0;
  starting = 1;
  Start();
  starting = 0;
  return 1;
}

void* malloc(size_t size) {
  if (!Ready()) return Early(size);
  void* const block = real_malloc(size);
  if (block == NULL) return NULL;
  pthread_mutex_lock(&lock);
  Put(block, size, NULL);
  pthread_mutex_unlock(&lock);
  return block;
}

void* calloc(size_t count, size_t each) {
  if (!Ready()) return Early(count * each);
  void* const block = real_calloc(count, each);
  if (block == NULL) return NULL;
  pthread_mutex_lock(&lock);
  Put(block, count * each, NULL);
  pthread_mutex_unlock(&lock);
  return block;
}

int posix_memalign(void** block, size_t alignment, size_t size) {
  if (!Ready()) return ENOMEM;
  const int result = real_memalign(block, alignment, size);
  if (result != 0) return result;
  pthread_mutex_lock(&lock);
  Put(*block, size, NULL);
  pthread_mutex_unlock(&lock);
  return 0;
}

void free(void* block) {
  if (block == NULL || IsEarly(block)) return;
  if (!Ready()) return;
  pthread_mutex_lock(&lock);  // before the real call: the address may be given away at once
  Put(block, 0, NULL);
  pthread_mutex_unlock(&lock);
  real_free(block);
}

void* realloc(void* old, size_t size) {
  if (!Ready()) return Early(size);
  if (old == NULL) return malloc(size);
  if (IsEarly(old)) {
    void* const copy = malloc(size);
    if (copy != NULL) memcpy(copy, old, size);  // at worst it reads on within `early`
    return copy;
  }
  // Around the real call: the old block ends and the new one begins as one step.
  pthread_mutex_lock(&lock);
  void* const block = real_realloc(old, size);
  if (block != NULL) Put(block, size, old);
  if (block == NULL && size == 0) Put(old, 0, NULL);
  pthread_mutex_unlock(&lock);
  return block;
}

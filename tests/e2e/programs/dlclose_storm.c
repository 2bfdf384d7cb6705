// SPDX-License-Identifier: Apache-2.0
// Four threads load and unload a plugin while a fifth allocates from code that is new each time. So
// the module map is read and headers are examined while they are being unmapped. Nothing crashes,
// and the accounts are right.
// EXPECT: end exited
// EXPECT: live LeakOnce 1 objects 1733 bytes
// EXPECT: losses allowed
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>

#include "program.h"

enum { kLoads = 300 };

static char plugin[PATH_MAX];
static atomic_int done;

NOINLINE static void LeakOnce(void) { Escape(malloc(1733)); }

static void* LoadAndUnload(void* unused) {
  for (int i = 0; i < kLoads; ++i) {
    void* handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(handle != NULL);
    REQUIRE(dlclose(handle) == 0);
  }
  atomic_fetch_add(&done, 1);
  return unused;
}

static void* Allocate(void* unused) {
  while (atomic_load(&done) < 4) free(Escape(malloc(700)));
  return unused;
}

int main(int argc, char** argv) {
  (void)argc;
  char path[PATH_MAX];
  REQUIRE(realpath(argv[0], path) != NULL);
  REQUIRE(snprintf(plugin, sizeof plugin, "%s/leaky_plugin.so", dirname(path)) <
          (int)sizeof plugin);
  pthread_t threads[5];
  for (int i = 0; i < 4; ++i) REQUIRE(pthread_create(&threads[i], NULL, LoadAndUnload, NULL) == 0);
  REQUIRE(pthread_create(&threads[4], NULL, Allocate, NULL) == 0);
  for (int i = 0; i < 5; ++i) pthread_join(threads[i], NULL);
  LeakOnce();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A plugin opens its neighbour by a bare name, through its own RUNPATH with $ORIGIN. So the caller
// of dlopen matters.
// EXPECT: end exited
// EXPECT: live Leak 1 objects 4567 bytes
#include <dlfcn.h>

#include "beside.h"
#include "program.h"

NOINLINE static void Leak(void) { Escape(malloc(4567)); }

int main(int argc, char** argv) {
  (void)argc;
  char path[PATH_MAX];
  PathBeside(argv[0], "origin_caller.so", &path);
  for (int i = 0; i < 20; ++i) {
    void* caller = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (caller == NULL) Fail(dlerror());
    void* (*open_neighbour)(void) = (void* (*)(void))dlsym(caller, "OpenNeighbour");
    void* neighbour = open_neighbour();
    if (neighbour == NULL) Fail(dlerror());
    REQUIRE(dlclose(neighbour) == 0 && dlclose(caller) == 0);
  }
  Leak();
  return 0;
}

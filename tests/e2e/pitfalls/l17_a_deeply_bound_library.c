// SPDX-License-Identifier: Apache-2.0
// RTLD_DEEPBIND: the library's malloc and free are libc's own, not ours. The flag keeps its
// meaning, and blocks may cross in both directions.
// EXPECT: end exited
// EXPECT: live LeakOfOurs 1 objects 4567 bytes
// EXPECT: absent GiveBlock
#include <dlfcn.h>

#include "beside.h"
#include "program.h"

NOINLINE static void LeakOfOurs(void) { Escape(malloc(4567)); }

int main(int argc, char** argv) {
  (void)argc;
  char path[PATH_MAX];
  PathBeside(argv[0], "deep_plugin.so", &path);
  void* plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (plugin == NULL) Fail(dlerror());
  void* (*give)(size_t) = (void* (*)(size_t))dlsym(plugin, "GiveBlock");
  void (*take)(void*) = (void (*)(void*))dlsym(plugin, "TakeBlock");
  void* (*malloc_of_plugin)(void) = (void* (*)(void))dlsym(plugin, "MallocOfPlugin");
  Dl_info about;
  REQUIRE(dladdr(malloc_of_plugin(), &about) != 0 && strstr(about.dli_fname, "libc.so") != NULL);
  for (int i = 0; i < 100; ++i) {
    free(give(100 + i));
    free(realloc(give(100), 1000));
    take(malloc(100 + i));
  }
  LeakOfOurs();
  return dlclose(plugin);
}

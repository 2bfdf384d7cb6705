// SPDX-License-Identifier: Apache-2.0
// A plugin is copied to a name of its own for each use, loaded, removed and unloaded, as those do
// that unpack native libraries; it loses a block each time. `plugin_copies PLUGIN TIMES`
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>

#include "program.h"

static void Copy(const char* from, const char* to) {
  char piece[65536];
  const int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY | O_TRUNC, 0700);
  REQUIRE(in >= 0 && out >= 0);
  for (ssize_t size; (size = read(in, piece, sizeof piece)) > 0;)
    REQUIRE(write(out, piece, (size_t)size) == size);
  close(in);
  close(out);
}

NOINLINE void RunPluginOnce(const char* plugin, int number) {
  char name[64];
  snprintf(name, sizeof name, "./copy-%d-%d.so", (int)getpid(), number);
  Copy(plugin, name);
  void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  unlink(name);
  if (handle == NULL) Fail(dlerror());
  void (*leak)(void) = (void (*)(void))dlsym(handle, "PluginLeak");
  REQUIRE(leak != NULL);
  leak();
  REQUIRE(dlclose(handle) == 0);
}

int main(int argc, char** argv) {
  REQUIRE(argc == 3);
  for (int i = 0; i < atoi(argv[2]); ++i) RunPluginOnce(argv[1], i);
  return 0;
}

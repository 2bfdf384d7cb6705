// SPDX-License-Identifier: Apache-2.0
// A plugin leaks and is unloaded. Its frames are named all the same, in each of its lives.
// EXPECT: end exited
// EXPECT: live PluginLeak 6 objects 7998 bytes
#include <dlfcn.h>
#include <stdio.h>

#include "program.h"

int main(void) {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
  REQUIRE(length > 0);
  path[length] = 0;
  strcpy(strrchr(path, '/'), "/leaky_plugin.so");
  for (int life = 0; life < 2; ++life) {
    void* plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) Fail(dlerror());
    void (*leak)(void) = (void (*)(void))dlsym(plugin, "PluginLeak");
    REQUIRE(leak != NULL);
    for (int i = 0; i < 3; ++i) leak();
    REQUIRE(dlclose(plugin) == 0);
  }
  return 0;
}

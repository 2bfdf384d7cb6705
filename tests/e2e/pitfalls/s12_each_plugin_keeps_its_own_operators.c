// SPDX-License-Identifier: Apache-2.0
// A C program loads two C++ plugins that each define operator new. No operator is in the program's
// own scope. Each plugin's calls must reach its own operator, as they do without us. This also
// holds after one was unloaded and the other was loaded at its address.
// EXPECT: end exited
// EXPECT: absent WhoServes
#include <dlfcn.h>

#include "beside.h"
#include "program.h"

static char Ask(const char* program, const char* plugin, int keep) {
  char path[PATH_MAX];
  PathBeside(program, plugin, &path);
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) Fail(dlerror());
  char (*who)(void) = (char (*)(void))dlsym(handle, "WhoServes");
  REQUIRE(who != NULL);
  const char first = who();
  REQUIRE(first == who());
  if (!keep) dlclose(handle);
  return first;
}

int main(int argc, char** argv) {
  (void)argc;
  REQUIRE(Ask(argv[0], "plugin_a.so", 0) == 'a');
  REQUIRE(Ask(argv[0], "plugin_b.so", 0) == 'b');
  REQUIRE(Ask(argv[0], "plugin_a.so", 1) == 'a');
  REQUIRE(Ask(argv[0], "plugin_b.so", 1) == 'b');
  REQUIRE(Ask(argv[0], "plugin_a.so", 1) == 'a');
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// The program's threads write only to memory. Of all our files only the recorder is mapped, and
// that is on a tmpfs. The helper writes the capture by its own calls, through a descriptor that the
// program does not have.
// EXPECT: end exited
// EXPECT: live Leak 2 objects 3802 bytes
#include <dirent.h>
#include <stdio.h>
#include <sys/statfs.h>

#include "program.h"

NOINLINE static void Leak(void) {
  for (int i = 0; i < 2; ++i) Escape(malloc(1901));
}

static void LookAtMappings(void) {
  char line[4096];
  int recorders = 0;
  struct statfs about;
  FILE* maps = fopen("/proc/self/maps", "r");
  REQUIRE(maps != NULL);
  while (fgets(line, sizeof line, maps) != NULL) {
    REQUIRE(strstr(line, ".ltk") == NULL);
    if (strstr(line, ".ltr") == NULL) continue;
    char* path = strchr(line, '/');
    path[strcspn(path, "\n")] = 0;
    REQUIRE(statfs(path, &about) == 0 && about.f_type == 0x01021994 /* TMPFS_MAGIC */);
    ++recorders;
  }
  fclose(maps);
  REQUIRE(recorders > 0);
}

static void LookAtDescriptors(void) {
  char name[64], target[4096];
  for (int fd = 3; fd < 1024; ++fd) {
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(name, target, sizeof target - 1);
    if (size <= 0) continue;
    target[size] = 0;
    REQUIRE(strstr(target, "leaktrack.") == NULL && strstr(target, ".ltk") == NULL);
  }
}

int main(void) {
  Leak();
  LookAtMappings();
  LookAtDescriptors();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Like Java: the child walks /proc/self/fd and closes what it finds while it reads that very
// directory. Then it allocates, opens files of its own and ends.
// EXPECT: end exited
// EXPECT: live Leak 5 objects 3005 bytes
// EXPECT-CHILD: end exited
// EXPECT-CHILD: live LeakInChild 4 objects 2932 bytes
#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "program.h"

NOINLINE static void Leak(void) { Escape(malloc(601)); }
NOINLINE static void LeakInChild(void) { Escape(malloc(733)); }

static void CloseAllFound(void) {
  DIR* folder = opendir("/proc/self/fd");
  REQUIRE(folder != NULL);
  for (struct dirent* entry; (entry = readdir(folder)) != NULL;) {
    const int fd = atoi(entry->d_name);
    if (fd > 2 && fd != dirfd(folder)) close(fd);
  }
  closedir(folder);
}

int main(void) {
  for (int i = 0; i < 5; ++i) Leak();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    LeakInChild();
    CloseAllFound();
    const int own = open("own-file", O_RDWR | O_CREAT | O_EXCL, 0600);
    REQUIRE(own == 3 && write(own, "mine", 4) == 4);
    for (int i = 0; i < 3; ++i) LeakInChild();
    REQUIRE(lseek(own, 0, SEEK_END) == 4);
    exit(0);
  }
  int status;
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}

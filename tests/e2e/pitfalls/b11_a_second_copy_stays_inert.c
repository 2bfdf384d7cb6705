// SPDX-License-Identifier: Apache-2.0
// Two copies of the library in one process: the first tracks, and the second stays inert.
// EXPECT: end exited|exec
// EXPECT: live LeakOnce 1 objects 4567 bytes
// EXPECT-CHILD: end exited|exec
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "program.h"

NOINLINE static void LeakOnce(void) { Escape(malloc(4567)); }

static void Copy(const char* from, const char* to) {
  struct stat about;
  const int in = open(from, O_RDONLY);
  const int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0700);
  REQUIRE(in >= 0 && out >= 0 && fstat(in, &about) == 0);
  for (off_t left = about.st_size; left > 0;) {
    const ssize_t copied = sendfile(out, in, NULL, (size_t)left);
    REQUIRE(copied > 0);
    left -= copied;
  }
  close(in);
  close(out);
}

static int CountCaptures(void) {
  int count = 0;
  DIR* folder = opendir(".");
  REQUIRE(folder != NULL);
  for (struct dirent* entry; (entry = readdir(folder)) != NULL;)
    count += strstr(entry->d_name, ".ltk") != NULL;
  closedir(folder);
  return count;
}

int main(int argc, char** argv) {
  if (argc == 1) {
    char both[8192];
    const char* library = getenv("LD_PRELOAD");
    REQUIRE(library != NULL);
    Copy(library, "copy.so");
    snprintf(both, sizeof both, "./copy.so:%s", library);
    setenv("LD_PRELOAD", both, 1);
    execv("/proc/self/exe", (char*[]){argv[0], "again", NULL});
    Fail("exec");
  }
  LeakOnce();
  REQUIRE(CountCaptures() == 2);  // that of the program before the exec, and one of ours
  return 0;
}

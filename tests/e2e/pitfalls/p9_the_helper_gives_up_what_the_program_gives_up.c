// SPDX-License-Identifier: Apache-2.0
// The program gives up rights by calls that change only its main thread. An attacker who takes it
// over must not find a thread that still has them. The helper follows, and the run goes on.
// EXPECT: end exited
// EXPECT: live LeakAfter 2 objects 2822 bytes
#include <dirent.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "program.h"

enum { kPatience = 100000 };

NOINLINE static void LeakAfter(void) {
  for (int i = 0; i < 2; ++i) Escape(malloc(1411));
}

static int IsRight(const char* line) {
  static const char* const names[] = {
      "Uid:", "Gid:", "CapPrm:", "CapEff:", "CapBnd:", "NoNewPrivs:"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    if (strncmp(line, names[i], strlen(names[i])) == 0) return 1;
  }
  return 0;
}

// A thread's rights, as the kernel prints them. Empty for a thread that has ended.
static void ReadRights(const char* thread, char (*rights)[1024]) {
  char path[300], line[512];
  snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
  FILE* status = fopen(path, "r");
  size_t size = (*rights)[0] = 0;
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (IsRight(line)) size += snprintf(*rights + size, sizeof *rights - size, "%s", line);
  }
  if (status != NULL) fclose(status);
}

// At least two threads, and all with the main thread's rights.
static int AllAreAlike(void) {
  char main_name[16], ours[1024], theirs[1024];
  int threads = 0, alike = 0;
  snprintf(main_name, sizeof main_name, "%d", getpid());
  ReadRights(main_name, &ours);
  DIR* tasks = opendir("/proc/self/task");
  REQUIRE(tasks != NULL);
  for (struct dirent* task; (task = readdir(tasks)) != NULL;) {
    if (task->d_name[0] == '.') continue;
    ReadRights(task->d_name, &theirs);
    ++threads;
    alike += strcmp(ours, theirs) == 0;
  }
  closedir(tasks);
  return threads >= 2 && alike == threads;
}

static void AwaitAlike(void) {
  for (int i = 0; i < kPatience; ++i) {
    if (AllAreAlike()) return;
    sched_yield();
  }
  Fail("a thread keeps rights that the main thread has not");
}

int main(void) {
  AwaitAlike();
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  AwaitAlike();
  if (geteuid() == 0) {
    for (int i = 1; i < 30; ++i) REQUIRE(prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0);
    REQUIRE(syscall(SYS_setresgid, 65534, 65534, 65534) == 0);
    AwaitAlike();
    REQUIRE(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
    REQUIRE(syscall(SYS_setresuid, 65534, 65534, 65534) == 0);
    AwaitAlike();
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, getpid()};
    const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    REQUIRE(syscall(SYS_capset, &header, none) == 0);
    AwaitAlike();
  }
  LeakAfter();
  return 0;
}

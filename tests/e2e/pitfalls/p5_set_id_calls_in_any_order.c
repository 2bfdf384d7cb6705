// SPDX-License-Identifier: Apache-2.0
// Forty processes change identity and capabilities in random order. Each call has the same result
// as untracked, and leaves the same identity. (The C library aborts a process if one of its
// threads, ours included, has another result than the caller.) Then threads of one process do all
// of it at once.
// EXPECT: end exited
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

extern int capset(cap_user_header_t header, const cap_user_data_t data);

enum { kProcesses = 40, kCalls = 12, kThreads = 3, kRounds = 40 };

static unsigned lot;
static unsigned Draw(unsigned below) {
  lot = lot * 1664525 + 1013904223;
  return (lot >> 16) % below;
}

static uid_t AnyId(void) {
  static const uid_t ids[] = {0, 65534, 1000, (uid_t)-1};
  return ids[Draw(4)];
}

static struct __user_cap_data_struct* Capabilities(int named) {
  static struct __user_cap_data_struct data[2];
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                            named ? (int)syscall(SYS_gettid) : 0};
  REQUIRE(syscall(SYS_capget, &header, data) == 0);
  return data;
}

// Past the C library, and past us.
static long Inline(long number, long a, long b, long c) {
  long result = number;
  register long r10 __asm__("r10") = 0;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

// All permitted capabilities, or fewer, become effective.
static long SetCapabilities(unsigned way) {
  struct __user_cap_data_struct* data = Capabilities(0);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
                                            Draw(2) ? (int)syscall(SYS_gettid) : 0};
  data[0].effective = data[0].permitted;
  if (Draw(3) == 0) data[0].effective &= ~(1U << CAP_SETUID);
  if (Draw(4) == 0) data[0].permitted = data[0].effective &= ~(1U << CAP_SETGID);
  if (Draw(4) == 0) data[0].inheritable = data[0].permitted;
  if (way == 0) return capset(&header, data);
  return way == 1 ? syscall(SYS_capset, &header, data)
                  : Inline(SYS_capset, (long)&header, (long)data, 0);
}

static long AnyCall(unsigned which) {
  const gid_t groups[] = {65534, 100};
  switch (which) {
    case 0:
      return setuid(AnyId());
    case 1:
      return setgid(AnyId());
    case 2:
      return seteuid(AnyId());
    case 3:
      return setegid(AnyId());
    case 4: {
      const uid_t real = AnyId();
      return setreuid(real, AnyId());
    }
    case 5: {
      const gid_t real = AnyId();
      return setregid(real, AnyId());
    }
    case 6: {
      const uid_t real = AnyId(), effective = AnyId();
      return setresuid(real, effective, AnyId());
    }
    case 7: {
      const gid_t real = AnyId(), effective = AnyId();
      return setresgid(real, effective, AnyId());
    }
    case 8:
      return setgroups(Draw(3), groups);
    case 9:
      return initgroups("root", AnyId());
    case 10:
      return SetCapabilities(0);
    case 11:
      return SetCapabilities(1);
    case 12:
      return prctl(PR_SET_KEEPCAPS, Draw(2), 0, 0, 0);
    case 13:
      return prctl(PR_SET_SECUREBITS, Draw(2) ? SECBIT_NO_SETUID_FIXUP : SECBIT_KEEP_CAPS, 0, 0, 0);
    case 14:
      return prctl(PR_CAPBSET_DROP, Draw(10), 0, 0, 0);
    case 15:
      return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, Draw(10), 0, 0);
    case 16:
      return syscall(SYS_setuid, AnyId());
    case 17: {
      const gid_t real = AnyId(), effective = AnyId();
      return syscall(SYS_setresgid, real, effective, AnyId());
    }
    case 18:
      return syscall(SYS_prctl, PR_SET_KEEPCAPS, Draw(2), 0, 0, 0);
    case 19:
      return syscall(SYS_setgroups, Draw(3), groups);
    case 20:
      return SetCapabilities(2);
    case 21:
      return Inline(SYS_prctl, PR_SET_KEEPCAPS, Draw(2), 0);
    case 22:
      return Inline(SYS_setresuid, -1, AnyId(), -1);
    case 23:
      return unshare(CLONE_NEWUSER);
    default:
      return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  }
}

// To standard output, not through stdio.
static void Say(unsigned which, long result, int error) {
  char line[200];
  uid_t users[3];
  gid_t groups[3];
  const struct __user_cap_data_struct* data = Capabilities(1);
  REQUIRE(getresuid(users, users + 1, users + 2) == 0 &&
          getresgid(groups, groups + 1, groups + 2) == 0);
  const int size =
      snprintf(line, sizeof line, "%u %ld %d: %d %d %d, %d %d %d, %d, %x %x %x %ld\n", which,
               result, error, users[0], users[1], users[2], groups[0], groups[1], groups[2],
               getgroups(0, NULL), data[0].effective, data[0].permitted, data[0].inheritable,
               (long)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
  REQUIRE(write(1, line, size) == size);
}

static void OneProcess(unsigned seed) {
  lot = seed;
  Escape(malloc(100));  // starts a run
  for (int i = 0; i < kCalls; ++i) {
    const unsigned which = Draw(25);
    errno = 0;
    const long result = AnyCall(which);
    Say(which, result, errno);
  }
  exit(0);
}

static void* InThread(void* number) {
  for (int i = 0; i < kRounds; ++i) {
    REQUIRE(seteuid(i % 2 ? 0 : 65534) == 0 || errno == EPERM);
    REQUIRE(setegid(i % 2 ? 0 : 65534) == 0 || errno == EPERM);
    REQUIRE(syscall(SYS_prctl, PR_SET_KEEPCAPS, i % 2, 0, 0, 0) == 0);
  }
  return number;
}

static void AllAtOnce(void) {
  pthread_t threads[kThreads];
  Escape(malloc(100));
  for (int i = 0; i < kThreads; ++i)
    REQUIRE(pthread_create(&threads[i], NULL, InThread, NULL) == 0);
  InThread(NULL);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  exit(0);
}

// A process that has given up root's rights cannot remove root's recorder.
static void RemoveRecorder(pid_t owner) {
  char pattern[64];
  glob_t found;
  snprintf(pattern, sizeof pattern, "/dev/shm/leaktrack.%d.*", owner);
  if (glob(pattern, 0, NULL, &found) != 0) return;
  for (size_t i = 0; i < found.gl_pathc; ++i) unlink(found.gl_pathv[i]);
  globfree(&found);
}

static void InChild(unsigned seed) {
  const pid_t child = fork();
  if (child == 0 && seed == kProcesses) AllAtOnce();
  if (child == 0) OneProcess(seed);
  int status = 0;
  char line[40];
  REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
  RemoveRecorder(child);
  const int size = snprintf(line, sizeof line, "status %x\n", status);
  REQUIRE(write(1, line, size) == size);
}

// Runs this program again, with its output in a file.
static void StartAnew(const char* program, const char* file, char** environment) {
  posix_spawn_file_actions_t actions;
  pid_t child;
  int status = 0;
  REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
  REQUIRE(posix_spawn_file_actions_addopen(&actions, 1, file, O_WRONLY | O_CREAT, 0600) == 0);
  REQUIRE(posix_spawn(&child, program, &actions, NULL, (char*[]){(char*)program, "all", NULL},
                      environment) == 0);
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
}

static void RequireSame(const char* one, const char* other) {
  FILE *a = fopen(one, "r"), *b = fopen(other, "r");
  char line[256] = "", expected[256] = "";
  while (fgets(expected, sizeof expected, b) != NULL) {
    if (fgets(line, sizeof line, a) == NULL || strcmp(line, expected) != 0) {
      printf("tracked %sand otherwise %s", line, expected);
      fflush(stdout);
      Fail("it is not the same with and without the tracker");
    }
  }
  REQUIRE(fgets(line, sizeof line, a) == NULL && strstr(expected, "status") != NULL);
}

int main(int argc, char** argv) {
  extern char** environ;
  if (argc == 2) {
    for (unsigned seed = 0; seed <= kProcesses; ++seed) InChild(seed);
    return 0;
  }
  // Their captures are in another folder, so that not all of them are read.
  REQUIRE(mkdir("captures", 0700) == 0 && chmod(".", 0711) == 0 && chmod("captures", 01777) == 0);
  char where[4096];
  REQUIRE(getcwd(where, sizeof where - 16) != NULL &&
          setenv("LEAKTRACK_OUT", strcat(where, "/captures"), 1) == 0);
  StartAnew(argv[0], "tracked", environ);
  unsetenv("LD_PRELOAD");
  StartAnew(argv[0], "untracked", environ);
  RequireSame("tracked", "untracked");
  return 0;
}

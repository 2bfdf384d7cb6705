// SPDX-License-Identifier: Apache-2.0
// The lives of processes below the first one of a tree, for e2e/recording/young_test.py.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

enum { kLarge = 300001, kLater = 200003, kLaterBlocks = 4 };

static void* volatile sink;

static void Live(long milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

// Sampled with a chance of one in a hundred million not to be: each is 18 times the interval.
NOINLINE static void KeptWhileYoung(void) { sink = malloc(kLarge); }
NOINLINE static void FreedWhileYoung(void) {
  sink = malloc(kLarge);
  free(sink);
}
NOINLINE static void MovedWhileYoung(void) {
  void* const block = malloc(kLarge);
  sink = realloc(block, kLarge + 10);
}
NOINLINE static void FreedWhenGrown(void) { sink = malloc(kLarge); }
NOINLINE static void KeptWhenGrown(void) { sink = malloc(kLater); }

static void GrowUp(void) {
  KeptWhileYoung();
  FreedWhileYoung();
  FreedWhenGrown();
  void* const later = sink;
  Live(150);
  for (int i = 0; i < kLaterBlocks; ++i) KeptWhenGrown();
  free(later);
}

static void Move(void) {
  MovedWhileYoung();
  Live(150);
  KeptWhenGrown();
}

static void AllowAll(void) {
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {1, &allow};
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);
}

static void OnAlarm(int signal) {
  (void)signal;
  sink = malloc(kLarge);
}

// Every block comes from a handler.
static void AllocateInHandlers(void) {
  signal(SIGALRM, OnAlarm);
  const struct itimerval every = {{0, 20000}, {0, 20000}};
  setitimer(ITIMER_REAL, &every, NULL);
  for (int i = 0; i < 12; ++i) pause();
}

static void* Thread(void* unused) {
  GrowUp();
  return unused;
}

static void RunThread(void) {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, Thread, NULL) == 0);
  pthread_join(thread, NULL);
}

static void* Waits(void* unused) {
  pause();
  return unused;
}

// Allocates nothing beside what the C library keeps of each thread.
static void StartThreadsThatWait(void) {
  for (int i = 0; i < 6; ++i) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, Waits, NULL) == 0);
    Live(40);
  }
}

static void InChild(void (*life)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    life();
    exit(0);
  }
  int status;
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
}

static void GrowUpInChild(void) { InChild(GrowUp); }

int main(int count, char** names) {
  const char* const life = count > 1 ? names[1] : "";
  if (strcmp(life, "short") == 0) KeptWhileYoung();
  if (strcmp(life, "grows") == 0) GrowUp();
  if (strcmp(life, "moves") == 0) Move();
  if (strcmp(life, "large") == 0) sink = malloc(3 << 20);
  if (strcmp(life, "thread") == 0) RunThread();
  if (strcmp(life, "threads") == 0) StartThreadsThatWait();
  if (strcmp(life, "child") == 0) GrowUpInChild();
  if (strcmp(life, "grandchild") == 0) InChild(GrowUpInChild);
  if (strcmp(life, "handlers") == 0) AllocateInHandlers();
  if (strcmp(life, "maps") == 0)
    sink = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (strcmp(life, "filter") == 0) {
    AllowAll();
    GrowUp();
  }
  if (strcmp(life, "drops") == 0) {
    REQUIRE(setresuid(65534, 65534, 65534) == 0);
    GrowUp();
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Two threads install filters at the same time, and one of them fails. Where the other one's comes
// into force meanwhile, nothing of ours asks the kernel any more; where both fail, all goes on as
// before, with the helper.
// EXPECT: end exited
// EXPECT: live LeakBeside 5 objects 6035 bytes
// EXPECT: live LeakAfter 3 objects 3621 bytes
// CASE: one_comes_into_force
// CASE: the_second_fails_first
// CASE: the_second_fails_last
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "helper.h"

#define ALLOW(number) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

extern void (*in_the_middle)(void);

static struct Handshake first_inside, second_done, first_done, leaked;
static const char* way;
static pthread_t first;

NOINLINE static void LeakBeside(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(1207));
}
NOINLINE static void LeakAfter(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(1207));
}

static int Is(const char* name) { return strcmp(way, name) == 0; }

static void FailToFilter(void) {
  REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 && errno == EFAULT);
}

// In the middle of a call of prctl: of the first thread, until the second has done its part; of the
// second, until the first has ended its call.
static void LetTheOtherGoOn(void) {
  if (pthread_equal(pthread_self(), first)) {
    HandshakeTell(&first_inside);
    HandshakeWait(&second_done);
  } else if (Is("the_second_fails_last")) {
    HandshakeTell(&second_done);
    HandshakeWait(&first_done);
  }
}

static void InstallFilter(void) {
  struct sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      ALLOW(SYS_read),
      ALLOW(SYS_write),
      ALLOW(SYS_exit_group),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
  REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
}

static void* Second(void* unused) {
  HandshakeWait(&first_inside);
  if (Is("one_comes_into_force"))
    InstallFilter();
  else
    FailToFilter();
  if (!Is("the_second_fails_last")) {
    HandshakeTell(&second_done);
    HandshakeWait(&first_done);
  }
  LeakBeside();  // its first blocks: much is asked of the kernel then
  HandshakeTell(&leaked);
  for (;;) HandshakeWait(&first_done);
  return unused;
}

// Heap that is free already, so that the kernel is not asked for any.
static void MakeRoom(void) {
  void* blocks[100];
  mallopt(M_ARENA_MAX, 1);
  for (int i = 0; i < 100; ++i) blocks[i] = Escape(malloc(1207));
  static void* top;
  top = Escape(malloc(1));
  for (int i = 0; i < 100; ++i) free(blocks[i]);
  Escape(top);
}

int main(int argc, char** argv) {
  way = argc > 1 ? argv[1] : "";
  first = pthread_self();
  MakeRoom();
  HandshakeOpen(&first_inside);
  HandshakeOpen(&second_done);
  HandshakeOpen(&first_done);
  HandshakeOpen(&leaked);
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  pthread_t second;
  REQUIRE(pthread_create(&second, NULL, Second, NULL) == 0);
  in_the_middle = LetTheOtherGoOn;
  FailToFilter();
  HandshakeTell(&first_done);
  HandshakeWait(&leaked);
  if (!Is("one_comes_into_force")) REQUIRE(HelperRuns());
  LeakAfter();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// The main thread of a forked child is cancelled, or leaves, before anything was recorded. A run
// begins later, in a thread that is left. The child ends when that thread does, and its buffered
// output is written.
// RUN: --interval 64MiB
// EXPECT-CHILD: end exited
// CASE: cancelled
// CASE: left
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

static struct Handshake main_thread_ended;

// Runs in exit(), after all threads of the program. Until then its output is in a buffer of stdio.
static void SayAtExit(void) { printf("ended"); }

// A destructor of the main thread: the thread is about to end.
static void TellThatItEnds(void* unused) {
  (void)unused;
  HandshakeTell(&main_thread_ended);
}

static void* LeakMuch(void* unused) {
  HandshakeWait(&main_thread_ended);
  Escape(malloc((size_t)1 << 30));  // certainly sampled; never touched
  return unused;
}

static void Child(const char* way) {
  pthread_key_t key;
  pthread_t thread;
  REQUIRE(freopen("own-output", "w", stdout) != NULL);
  atexit(SayAtExit);
  printf("begun ");
  REQUIRE(pthread_key_create(&key, TellThatItEnds) == 0 && pthread_setspecific(key, &key) == 0);
  REQUIRE(pthread_create(&thread, NULL, LeakMuch, NULL) == 0);
  if (strcmp(way, "left") == 0) pthread_exit(NULL);
  REQUIRE(pthread_cancel(pthread_self()) == 0);
  pthread_testcancel();
}

int main(int argc, char** argv) {
  REQUIRE(argc == 2);
  HandshakeOpen(&main_thread_ended);
  // The first call of a thread always takes the slow path. In the child's main thread it would
  // start a run.
  free(Escape(malloc(10)));
  const pid_t child = fork();
  if (child == 0) Child(argv[1]);
  int status = 0;
  char text[16] = "";
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  FILE* output = fopen("own-output", "r");
  REQUIRE(output != NULL && fgets(text, sizeof text, output) != NULL &&
          strcmp(text, "begun ended") == 0);
  return 0;
}

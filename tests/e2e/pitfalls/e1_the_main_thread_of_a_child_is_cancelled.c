// SPDX-License-Identifier: Apache-2.0
// A forked child whose main thread is cancelled, or leaves, before anything was recorded: a run
// begins later, in a thread that is left. The child ends when that one does, and what it had
// buffered is written.
// RUN: --interval 64MiB
// EXPECT-CHILD: end exited
// CASE: cancelled
// CASE: left
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

static struct Handshake main_thread_ended;

// Runs in exit(), after all threads of the program: its words are in a buffer of stdio until then.
static void SayAtExit(void) { printf("ended"); }

// A destructor of the main thread's: the thread is about to be gone.
static void TellThatItEnds(void* unused) {
  (void)unused;
  HandshakeTell(&main_thread_ended);
}

static void* LeakMuch(void* unused) {
  HandshakeWait(&main_thread_ended);
  Escape(malloc((size_t)1 << 30));  // sampled for sure; never touched
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
  free(Escape(malloc(10)));  // the first call of a thread is always looked at; of the child's main
                             // thread it would be a start
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

// A job for the gate: losses that are easily taken for something else, all in main itself.
//   gate_hidden printf    3,000 bytes, beside the buffer that stdio keeps for main
//   gate_hidden thread    200 bytes, beside what the C library keeps for a thread that main starts
//   gate_hidden empty     three blocks of no bytes
//   gate_hidden small     168 bytes
//   gate_hidden mapping   a mapping that is never unmapped, and no block
//   gate_hidden clean     nothing, but it prints and starts a thread
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void* volatile lost;
static void* Body(void* argument) { return argument; }

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "clean";
  if (strcmp(what, "mapping") == 0) {
    lost = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return lost == MAP_FAILED;
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, Body, NULL) != 0) return 1;
  pthread_join(thread, NULL);
  printf("%s\n", what);
  if (strcmp(what, "printf") == 0) lost = malloc(3000);
  if (strcmp(what, "thread") == 0) lost = malloc(200);
  if (strcmp(what, "small") == 0) lost = malloc(168);
  for (int i = 0; i < 3 && strcmp(what, "empty") == 0; i++) lost = malloc(0);
  lost = NULL;
  return 0;
}

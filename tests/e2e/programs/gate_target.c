// A job for the gate: it loses as much as it is told to, at two sites.
//   gate_target OLD NEW [crash|fail]     blocks of 300 bytes at OldLeak, of 700 bytes at NewLeak
// With SUPPRESSING it suppresses the second site itself, as for LeakSanitizer.
#include <stdlib.h>
#include <string.h>

#define KEPT 100000
static void* volatile kept[KEPT];
static int used;

static void Keep(void* block) { kept[used++ % KEPT] = block; }
__attribute__((noinline)) void OldLeak(void) { Keep(memset(malloc(300), 1, 300)); }
__attribute__((noinline)) void NewLeak(void) { Keep(memset(malloc(700), 1, 700)); }
__attribute__((noinline)) void Churn(void) {
  void* volatile block = malloc(100);
  free(block);
}

#ifdef SUPPRESSING
const char* __lsan_default_suppressions(void) { return "leak:^NewLeak$\n"; }
#endif

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  for (int i = 0; i < 100000; ++i) Churn();
  for (int i = 0; i < atoi(argv[1]); ++i) OldLeak();
  for (int i = 0; i < atoi(argv[2]); ++i) NewLeak();
  if (argc > 3) {
    if (argv[3][0] == 'c') abort();
    return 9;
  }
  return 0;
}

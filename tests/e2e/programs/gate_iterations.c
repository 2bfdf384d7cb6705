// A job that counts its work. It loses blocks of 1,040 bytes in each of its iterations at LoseOne,
// whatever their number.
//   gate_iterations COUNT [BLOCKS]   one block an iteration unless BLOCKS says more
#include <stdlib.h>
#include <unistd.h>

#include "leaktrack/leaktrack.h"

static void* volatile last;
__attribute__((noinline)) void LoseOne(void) { last = malloc(1040); }

int main(int argc, char** argv) {
  const int blocks = argc > 2 ? atoi(argv[2]) : 1;
  for (int i = 0; i < atoi(argv[1]); ++i) {
    for (int k = 0; k < blocks; ++k) LoseOne();
    leaktrack_work_add(1);
    usleep(10000);
  }
  return 0;
}

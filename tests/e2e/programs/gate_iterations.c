// A job that counts its work. It loses 1,040 bytes in each of its iterations at LoseOne, whatever
// their number.
//   gate_iterations COUNT
#include <stdlib.h>
#include <unistd.h>

#include "leaktrack/leaktrack.h"

static void* volatile last;
__attribute__((noinline)) void LoseOne(void) { last = malloc(1040); }

int main(int argc, char** argv) {
  for (int i = 0; i < atoi(argv[argc - 1]); ++i) {
    LoseOne();
    leaktrack_work_add(1);
    usleep(10000);
  }
  return 0;
}

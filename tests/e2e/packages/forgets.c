// SPDX-License-Identifier: Apache-2.0
// Forgets a block of 1,000 bytes every millisecond, for a second.
#include <stdlib.h>
#include <time.h>

static void* volatile last;

__attribute__((noinline)) static void Forgets(void) { last = malloc(1000); }

int main(void) {
  const struct timespec pause = {0, 1000000};
  for (int i = 0; i < 1000; ++i) {
    Forgets();
    nanosleep(&pause, NULL);
  }
  return 0;
}

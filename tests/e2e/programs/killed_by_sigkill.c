// SPDX-License-Identifier: Apache-2.0
// SIGKILL lets no exit handler run. Everything up to the kill is in the capture all the same.
// EXPECT: status SIGKILL
// EXPECT: end killed
// EXPECT: live Leak 17 objects 17153 bytes
// EXPECT: live LastBlock 1 objects 77777 bytes
// EXPECT: absent Churn
#include <signal.h>

#include "program.h"

NOINLINE static void Leak(void) { Escape(malloc(1009)); }
NOINLINE static void LastBlock(void) { Escape(malloc(77777)); }
NOINLINE static void Churn(void) { free(Escape(malloc(300))); }

int main(void) {
  for (int i = 0; i < 17; ++i) {
    Leak();
    for (int j = 0; j < 1000; ++j) Churn();
  }
  LastBlock();
  kill(getpid(), SIGKILL);
  Fail("still alive");
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands for a C++ runtime on musl: programs must still reach these operators through ours.
 */
#include <stdio.h>
#include <stdlib.h>

static int calls;

void* _Znwm(size_t size) {
  ++calls;
  return malloc(size);
}
void _ZdlPv(void* block) {
  ++calls;
  free(block);
}

__attribute__((destructor)) static void Say(void) {
  printf("the runtime's own operators: %d calls\n", calls);
}

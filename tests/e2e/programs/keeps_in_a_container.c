// SPDX-License-Identifier: Apache-2.0
//
// Keeps 70 blocks of 1,003 bytes, prints "ready", and waits until its input ends.
// containers_test.py runs it as pid 1.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void* kept[70];

__attribute__((noinline)) static void KeepForEver(int i) { kept[i] = malloc(1003); }

int main(void) {
  for (int i = 0; i < 70; ++i) KeepForEver(i);
  if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return kept[0] == NULL;
}

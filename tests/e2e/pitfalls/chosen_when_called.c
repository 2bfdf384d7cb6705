// SPDX-License-Identifier: Apache-2.0
// A function that is chosen at its first call (IFUNC), by a resolver that allocates.
#include <stdlib.h>

void* kept_by_resolver;

static int TheOne(int x) { return x + 1; }

static int (*ChooseFunction(void))(int) {
  kept_by_resolver = malloc(4567);
  return TheOne;
}

int Chosen(int x) __attribute__((ifunc("ChooseFunction")));

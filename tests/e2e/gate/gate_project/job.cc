// SPDX-License-Identifier: Apache-2.0
// job COUNT: loses COUNT blocks of 500 bytes at ForgetOne.
#include <cstdlib>

void* volatile g_last;
__attribute__((noinline)) void ForgetOne() { g_last = malloc(500); }

int main(int argc, char** argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 0;
  g_last = malloc(100);
  free(g_last);
  for (int i = 0; i < count; ++i) ForgetOne();
  g_last = nullptr;
  return 0;
}

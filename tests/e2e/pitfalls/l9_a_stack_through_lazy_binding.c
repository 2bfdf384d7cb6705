// SPDX-License-Identifier: Apache-2.0
// The loader's trampoline binds a call when it is first made, and runs code that allocates. Its
// frame is relative to rbx, which no inner frame has saved where we look. The caller must be found
// all the same.
// EXPECT: end exited
// EXPECT: live FirstCaller 1 objects 4567 bytes
// EXPECT: live main 1 objects 4567 bytes
#include <alloca.h>

#include "program.h"

int Chosen(int x);

NOINLINE static int FirstCaller(int x) {
  const double kept = x * 1.5;  // a vector register is in use, too
  const int chosen = Chosen(x);
  return chosen + (kept > 10);
}

int main(int argc, char** argv) {
  (void)argv;
  char* volatile room = alloca((size_t)(argc * 8));
  room[0] = 1;
  return FirstCaller(4) == 5 ? 0 : 1;
}

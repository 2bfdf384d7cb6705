// SPDX-License-Identifier: Apache-2.0
// Makes every call that the library hooks before the library's own constructor has run: in a
// function of .preinit_array (the tracker's table of real functions is empty), and in the
// constructor of a library that is initialised before it. Each call gives the result of the real
// function. What the calls leave behind does not keep the program from being tracked.
// EXPECT: end exited
// EXPECT: live LeakLater 1 objects 4567 bytes
// CASE: before_constructors
// CASE: in_a_constructor
#include "early_hooks.h"

NOINLINE static void LeakLater(void) { Escape(malloc(4567)); }

static void FirstOfAll(int argc, char** argv, char** environment) {
  (void)environment;
  if (argc > 1 && strcmp(argv[1], "before_constructors") == 0) CallEveryHook();
}
__attribute__((section(".preinit_array"), used)) static void (*first_of_all)(int, char**,
                                                                             char**) = FirstOfAll;

int main(void) {
  REQUIRE(EveryHookWasCalled());
  LeakLater();
  return 0;
}

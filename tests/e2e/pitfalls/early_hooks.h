// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TESTS_E2E_PITFALLS_EARLY_HOOKS_H_
#define LEAKTRACK_TESTS_E2E_PITFALLS_EARLY_HOOKS_H_

#include "program.h"

// Makes each call once. If a result is not the real function's, it prints a word and ends the
// program. The library that defines it also does so in its constructor if the program's first
// argument is "in_a_constructor".
void CallEveryHook(void);
int EveryHookWasCalled(void);

#endif  // LEAKTRACK_TESTS_E2E_PITFALLS_EARLY_HOOKS_H_

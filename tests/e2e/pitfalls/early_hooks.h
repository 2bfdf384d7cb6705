// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TESTS_E2E_PITFALLS_EARLY_HOOKS_H_
#define LEAKTRACK_TESTS_E2E_PITFALLS_EARLY_HOOKS_H_

#include "program.h"

// Makes each call once and ends the program with a word where a result is not the real function's.
// The library that defines it does so in its constructor, too, when the program's first argument is
// "in_a_constructor".
void CallEveryHook(void);
int EveryHookWasCalled(void);

#endif  // LEAKTRACK_TESTS_E2E_PITFALLS_EARLY_HOOKS_H_

// SPDX-License-Identifier: Apache-2.0
//
// What a fuzz target holds beside "no crash": to the fuzzer a broken promise is a crash.
#ifndef LEAKTRACK_TESTS_FUZZ_REQUIRE_H_
#define LEAKTRACK_TESTS_FUZZ_REQUIRE_H_

#include <cstdlib>

inline void Require(bool holds) {
  if (!holds) abort();
}

#endif  // LEAKTRACK_TESTS_FUZZ_REQUIRE_H_

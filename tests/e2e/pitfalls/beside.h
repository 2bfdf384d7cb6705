// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TESTS_E2E_PITFALLS_BESIDE_H_
#define LEAKTRACK_TESTS_E2E_PITFALLS_BESIDE_H_

#include <libgen.h>
#include <limits.h>
#include <stdio.h>

#include "program.h"

// The path of a file in the same folder as the program.
static inline void PathBeside(const char* program, const char* name, char (*path)[PATH_MAX]) {
  char folder[PATH_MAX];
  REQUIRE(realpath(program, folder) != NULL);
  REQUIRE(snprintf(*path, sizeof *path, "%s/%s", dirname(folder), name) < (int)sizeof *path);
}

#endif  // LEAKTRACK_TESTS_E2E_PITFALLS_BESIDE_H_

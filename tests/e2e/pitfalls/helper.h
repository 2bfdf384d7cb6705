// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TESTS_E2E_PITFALLS_HELPER_H_
#define LEAKTRACK_TESTS_E2E_PITFALLS_HELPER_H_

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

// Is there a helper thread of ours in this process?
static inline int HelperRuns(void) {
  char path[300], name[32];
  int found = 0;
  DIR* tasks = opendir("/proc/self/task");
  REQUIRE(tasks != NULL);
  for (struct dirent* task; (task = readdir(tasks)) != NULL;) {
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
    FILE* file = fopen(path, "r");
    if (file != NULL && fgets(name, sizeof name, file) != NULL)
      found |= strcmp(name, "leaktrack\n") == 0;
    if (file != NULL) fclose(file);
  }
  closedir(tasks);
  return found;
}

#endif  // LEAKTRACK_TESTS_E2E_PITFALLS_HELPER_H_

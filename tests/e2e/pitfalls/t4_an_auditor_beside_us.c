// SPDX-License-Identifier: Apache-2.0
// LD_AUDIT together with LD_PRELOAD: a second namespace with a C library of its own, and our TLS in
// the first.
// EXPECT: end exited|exec
// EXPECT: live LeakOnce 3 objects 13701 bytes
// EXPECT-CHILD: end exited|exec
#include "beside.h"
#include "program.h"

NOINLINE static void LeakOnce(void) { Escape(malloc(4567)); }

static void* InThread(void* unused) {
  LeakOnce();
  return unused;
}

int main(int argc, char** argv) {
  if (argc == 1) {
    char auditor[PATH_MAX];
    PathBeside(argv[0], "auditor.so", &auditor);
    REQUIRE(access(auditor, R_OK) == 0);
    setenv("LD_AUDIT", auditor, 1);
    execv("/proc/self/exe", (char*[]){argv[0], "again", NULL});
    Fail("exec");
  }
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) REQUIRE(pthread_create(&threads[i], NULL, InThread, NULL) == 0);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  LeakOnce();
  return 0;
}

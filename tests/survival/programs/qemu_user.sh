# SPDX-License-Identifier: Apache-2.0
# WHAT: qemu-user: the emulator is tracked while it runs a threaded program, dynamic and static.
# NEEDS: qemu-x86_64 gcc
# TIMEOUT: 120
# SHORT: as it is
# Compared as it is.
[ "${1:-}" != version ] || { qemu-x86_64 --version | grep -oP 'version \K[0-9.]+' | head -1; exit; }
set -euo pipefail
cat >prog.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void* work(void* a) {
  long sum = 0;
  for (int i = 1; i < 20000; ++i) {
    char* p = malloc(i % 3000 + 1);
    memset(p, i, i % 3000 + 1);
    sum += p[i % 3000 / 2];
    free(p);
  }
  return (void*)(sum + (long)a);
}
int main(void) {
  pthread_t t[4];
  for (long i = 0; i < 4; ++i) pthread_create(&t[i], 0, work, (void*)i);
  for (int i = 0; i < 4; ++i) { void* sum; pthread_join(t[i], &sum); printf("%ld\n", (long)sum); }
  fflush(stdout);
  if (fork() == 0) _exit(work(0) == 0);
  int status;
  wait(&status);
  printf("child %d\n", WEXITSTATUS(status));
  return 7;
}
C
gcc -O1 -pthread prog.c -o prog
gcc -O1 -pthread -static prog.c -o static
$TRACK qemu-x86_64 ./static || echo "status $?"
$TRACK qemu-x86_64 -E LD_PRELOAD= ./prog || echo "status $?"

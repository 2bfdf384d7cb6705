# SPDX-License-Identifier: Apache-2.0
# WHAT: GDB, tracked itself, debugs a tracked program: breakpoints in threads, backtraces, watch, finish, a crash, a kill.
# NEEDS: gdb gcc
# TIMEOUT: 180
# Left out of the comparison: addresses, process ids, lines of `leaktrack run` itself, and what
# depends on the number of threads (our helper is one): lines about threads that come and go, and
# "Thread 1 hit" before "Breakpoint".
[ "${1:-}" != version ] || { gdb --version | head -1 | grep -oE '[0-9.]+$'; exit; }
set -euo pipefail
cat >prog.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int counter;
__attribute__((noinline)) char* take(int n) { char* p = malloc(n); memset(p, 1, n); counter += p[n / 2]; return p; }
__attribute__((noinline)) void* work(void* a) { for (int i = 1; i < 2000; ++i) free(take(i)); return a; }
int main(int argc, char** argv) {
  pthread_t t[3];
  for (int i = 0; i < 3; ++i) { pthread_create(&t[i], 0, work, 0); pthread_join(t[i], 0); }
  printf("%d\n", counter);
  char* p = take(77);
  if (argc > 1) *(volatile char*)(argv[9999999] + 1) = *p;
  return counter > 5000 ? 7 : 0;
}
C
gcc -g -O1 -fno-optimize-sibling-calls -pthread prog.c -o prog
same() { grep -vE '^\[(New|Switching|Thread|Inferior)|warning: |^leaktrack: |^$' | sed -E 's/0x[0-9a-f]+/ADDR/g; s/(LWP|process) [0-9]+/\1 N/g; s/^Thread [0-9.]+ "[^"]*" (hit|received)/\1/; s/^Program received/received/; s/^(hit )?Breakpoint/Breakpoint/'; }
debug() { $TRACK gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'set print thread-events off' "$@" 2>&1 | same; }
debug -ex 'break take if n == 1500' -ex run -ex bt -ex finish -ex 'info locals' -ex continue -ex bt -ex delete -ex continue prog
debug -ex 'break main' -ex run -ex 'watch counter' -ex continue -ex 'print counter' -ex delete -ex continue prog
debug -ex run -ex bt --args prog crash | grep -v '^#.*??'
debug -ex 'catch fork' -ex 'break work' -ex run -ex bt -ex 'call (int)counter' -ex 'call (void)work(0)' -ex 'print counter' -ex kill prog

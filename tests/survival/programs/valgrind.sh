# SPDX-License-Identifier: Apache-2.0
# WHAT: a program tracked under valgrind: valgrind owns malloc, so the tracker says so and stays out; the findings are the same.
# NEEDS: valgrind gcc
# TIMEOUT: 240
# Compared: the program's output, and valgrind's log without process ids and addresses. The captures are those of the
# shell and of valgrind's own launcher.
[ "${1:-}" != version ] || { valgrind --version | cut -d- -f2; exit; }
set -euo pipefail
cat >prog.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static void* work(void* a) { for (int i = 1; i < 500; ++i) free(realloc(malloc(i), i * 2)); return a; }
int main(void) {
  pthread_t t[2];
  for (int i = 0; i < 2; ++i) pthread_create(&t[i], 0, work, 0);
  for (int i = 0; i < 2; ++i) pthread_join(t[i], 0);
  for (int i = 0; i < 5; ++i) { void* volatile lost = malloc(1000); lost = 0; }
  char* volatile p = malloc(10); free(p);
  puts("done");
  return p[3] & 0;
}
C
gcc -g -O0 -pthread prog.c -o prog
status=0
$TRACK valgrind --leak-check=full --error-exitcode=9 --log-file=log ./prog 2>said || status=$?
echo "status $status"
sed -E 's/^==[0-9]+== ?//; s/0x[0-9A-F]+/ADDR/g' log | grep -vE '^Parent PID|total heap usage'
grep -c 'runs under valgrind' said >&2 || [ -z "$TRACK" ]

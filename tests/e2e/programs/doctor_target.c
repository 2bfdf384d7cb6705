// A process to examine: it waits for its standard input to end. Built in several ways, see
// doctor_test.py.
//  doctor_target [filter]    with a seccomp filter of its own (that allows everything)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifdef OWN_MALLOC
static char pool[1 << 20];
static size_t used;
void* malloc(size_t size) {
  used = (used + size + 15) & ~(size_t)15;
  return used <= sizeof pool ? pool + used - ((size + 15) & ~(size_t)15) : NULL;
}
void free(void* block) { (void)block; }
#endif

int main(int argc, char** argv) {
  (void)argv;
  if (argc > 1) {
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
      return 1;
  }
  void* volatile block = malloc(100);
  free(block);
  puts("ready");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// An auditor that calls the functions that the program's calls are bound to, before any constructor
// has run: when the loader binds them, and when everything is bound. A wrong result ends the
// program with status 98. Part of t4_an_auditor_calls_what_it_sees_bound.
#define _GNU_SOURCE
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

typedef long Function(long, long, long, long, long);

static struct {
  const char* name;
  long argument;
  long lowest, highest;  // bounds of the expected result
  Function* bound;
} calls[] = {
    {"prctl", PR_GET_DUMPABLE, 0, 2, NULL},
    {"unshare", 0, 0, 0, NULL},
    {"setns", -1, -1, -1, NULL},
    {"setuid", -1, -1, -1, NULL},
    {"setgroups", -1, -1, -1, NULL},
    {"capset", 0, -1, -1, NULL},
    {"execve", 0, -1, -1, NULL},
};

static void Call(size_t i) {
  const long result = (int)calls[i].bound(calls[i].argument, 0, 0, 0, 0);
  if (result >= calls[i].lowest && result <= calls[i].highest) return;
  (void)!write(2, calls[i].name, strlen(calls[i].name));
  _exit(98);
}

unsigned int la_version(unsigned int version) { return version; }
unsigned int la_objopen(struct link_map* map, Lmid_t lmid, uintptr_t* cookie) {
  (void)map, (void)lmid, (void)cookie;
  return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}
uintptr_t la_symbind64(Elf64_Sym* symbol, unsigned int index, uintptr_t* from, uintptr_t* to,
                       unsigned int* flags, const char* name) {
  (void)index, (void)from, (void)to, (void)flags;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i) {
    if (calls[i].bound != NULL || strcmp(name, calls[i].name) != 0) continue;
    calls[i].bound = (Function*)symbol->st_value;
    Call(i);
  }
  return symbol->st_value;
}
void la_preinit(uintptr_t* cookie) {
  (void)cookie;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i) {
    if (calls[i].bound == NULL) _exit(97);
    Call(i);
  }
}

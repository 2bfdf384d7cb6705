// SPDX-License-Identifier: Apache-2.0
// The minimum that LD_AUDIT accepts as an auditor. It asks to see every object and every binding.
#define _GNU_SOURCE
#include <link.h>

unsigned int la_version(unsigned int version) { return version; }
unsigned int la_objopen(struct link_map* map, Lmid_t lmid, uintptr_t* cookie) {
  (void)map, (void)lmid, (void)cookie;
  return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

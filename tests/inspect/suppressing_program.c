// SPDX-License-Identifier: Apache-2.0
// Suppresses a leak by LeakSanitizer's own means. With COMPUTED it does so in a way that only
// running it would reveal.
#include <stdlib.h>

const char* __lsan_default_suppressions(void) {
#ifdef COMPUTED
  return getenv("SUPPRESSIONS");
#else
  return "leak:ByDesign\nleak:*libthird*\n";
#endif
}

int main(void) { return 0; }

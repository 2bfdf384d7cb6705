// SPDX-License-Identifier: Apache-2.0
// Links the library by name. Status 98: it was copied to a place where setuid has no effect.
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>

int main(void) {
  struct stat about;
  void* volatile block = malloc(100);
  if (stat("/proc/self/exe", &about) != 0) return 97;
  const int wants = (about.st_mode & S_ISUID) != 0;
  return block == 0 || wants != (getauxval(AT_SECURE) != 0) ? 98 : 0;
}

// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

void* GiveBlock(size_t size) { return malloc(size); }
void TakeBlock(void* block) { free(block); }
void* MallocOfPlugin(void) {
  void* volatile address = (void*)malloc;
  return address;
}

// SPDX-License-Identifier: Apache-2.0
// One source for programs that differ in what doctor looks at; never run.
#include <stddef.h>

#ifdef OWN_MALLOC
static char memory[64];
void* malloc(size_t size) { return size < sizeof memory ? memory : NULL; }
void free(void* block) { (void)block; }
#endif
#ifdef MIMALLOC
void* mi_malloc(size_t size) { return size == 0 ? NULL : &mi_malloc; }
#endif
#ifdef RUST
void* _rjem_malloc(size_t size) { return size == 0 ? NULL : &_rjem_malloc; }
#endif
#ifdef GO
__attribute__((section(".go.buildinfo"), used)) static const char buildinfo[16] = "go";
#endif

int main(void) { return 0; }

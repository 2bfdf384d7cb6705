// A library that keeps a block in a variable of its own.
#include <stdlib.h>
#include <string.h>

static void* volatile kept;
void KeepInLibrary(size_t bytes) { kept = memset(malloc(bytes), 0, bytes); }

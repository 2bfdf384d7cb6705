// SPDX-License-Identifier: Apache-2.0
// Its RUNPATH is $ORIGIN/origin. dlopen finds a bare name there only if it knows that this library
// is the caller.
#include <dlfcn.h>

void* OpenNeighbour(void) { return dlopen("found_by_runpath.so", RTLD_NOW | RTLD_LOCAL); }

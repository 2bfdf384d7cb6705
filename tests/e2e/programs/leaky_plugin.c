// SPDX-License-Identifier: Apache-2.0
// The library that dlclose_then_report loads.
#include "program.h"

__attribute__((visibility("default"))) NOINLINE void PluginLeak(void) { Escape(malloc(1333)); }

// SPDX-License-Identifier: Apache-2.0
//
// What the statically linked program has in place of a library that is loaded at run time: nothing.
// A C library inside it and another one around what it loads would be two in one process.
#include <memory>

#include "tools/symbolize/debuginfod_client.h"

namespace leaktrack {

std::unique_ptr<DebuginfodClient> OpenDebuginfodLibrary() { return nullptr; }

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
//
// Names as programmers wrote them: C++ (Itanium), Rust (v0 and legacy, without the hash), D; others
// come back as they are. A suffix of the compiler's is kept ("Parse() [clone .cold]"), also that of
// a coroutine's body ("Serve(int) [clone .actor]"); LLVM's number of a link is not.
// Promises: any bytes are legal. A name that would unfold to more than 1 MiB is left mangled: a few
// dozen bytes of hostile back references can ask for terabytes.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_DEMANGLE_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_DEMANGLE_H_

#include <string>

namespace leaktrack {

std::string Demangle(const std::string& name);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_DEMANGLE_H_

// SPDX-License-Identifier: Apache-2.0
//
// The leaks that a program itself declares to LeakSanitizer, in the text that its
// `__lsan_default_suppressions` returns.
//
// What: finds the function in the symbol tables, and reads the constant that it returns from its
// code.
// Why not call it: no program is run for a judgement, and the capture may lie on another machine.
// Promises: reads, never runs. A function that does more than return one constant is refused with
// a message, never guessed.
// Limits: x86-64 code of gcc and clang, -O0 to -O3, with or without frame pointers and endbr64; a
// text of 1 MiB.
#ifndef LEAKTRACK_TOOLS_INSPECT_LSAN_SUPPRESSIONS_H_
#define LEAKTRACK_TOOLS_INSPECT_LSAN_SUPPRESSIONS_H_

#include <string>

#include "absl/status/statusor.h"

namespace leaktrack {

// Empty: the file defines no such function, or is not an ELF file.
absl::StatusOr<std::string> LsanDefaultSuppressions(const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_LSAN_SUPPRESSIONS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Looks at the heap of a process that runs, twice, some seconds apart; or once at the core of one
// that ended.
//
// Promises: the process needs no preparation and is not stopped, unless `registers` asks for it.
// One that ends or becomes another program meanwhile is shown as it was read first. Limits: x86-64;
// blocks are known of glibc's allocator alone, and another one is named.
#ifndef LEAKTRACK_TOOLS_WITNESS_LOOK_H_
#define LEAKTRACK_TOOLS_WITNESS_LOOK_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "tools/symbolize/symbolizer.h"
#include "tools/witness/witness.h"

namespace leaktrack::witness {

struct LookOptions {
  double seconds = 30;     // between the readings; 0: one reading
  bool registers = false;  // stop each thread for some microseconds to read them
  SymbolizerOptions symbols;
};

absl::StatusOr<Look> LookAtProcess(pid_t pid, const LookOptions& options);

// At a core: one look, and registers are in it. Files of the process are looked for below
// options.symbols.sysroot, too.
absl::StatusOr<Look> LookAtCore(const std::string& path, const LookOptions& options);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_LOOK_H_

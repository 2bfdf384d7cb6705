// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of cores, packed ones too, and a look at what is in them.
//
// Input: the file. Held beside "no crash": mappings are in their order; nothing is read that was
// not asked for.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/fuzz/require.h"
#include "tools/witness/judge.h"
#include "tools/witness/memory/core_memory.h"

namespace {

using namespace leaktrack;           // NOLINT
using namespace leaktrack::witness;  // NOLINT

constexpr uint64_t kMostLooked = 16 << 20;  // a few bytes can ask for terabytes of holes

void RequireOrder(Memory& memory) {
  uint64_t last = 0, sum = 0;
  for (const Mapping& mapping : memory.maps()) {
    Require(mapping.range.start >= last && mapping.range.end > mapping.range.start);
    last = mapping.range.end;
    char bytes[64];
    Require(memory.Read(mapping.range.start, bytes, sizeof bytes) <= sizeof bytes);
    sum += mapping.range.size();
  }
  if (sum > kMostLooked) return;
  Classes classes;
  const SymbolizerOptions symbols;
  const Reading reading =
      ReadHeap(memory, {.blocks = 1 << 16, .pointers = 1 << 18}, symbols, classes);
  Look look;
  Judge(memory,
        {.reading = reading,
         .earlier = nullptr,
         .stands_still = true,
         .classes = classes,
         .symbols = symbols},
        look);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int fd = memfd_create("core", MFD_CLOEXEC);
  if (fd < 0 || pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) abort();
  const auto core = OpenCore("/proc/self/fd/" + std::to_string(fd), "/nowhere");
  if (core.ok()) RequireOrder(*core->memory);
  close(fd);
  return 0;
}

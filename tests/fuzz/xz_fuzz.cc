// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the unpacking of MiniDebugInfo. liblzma is the distribution's, not instrumented: what is
// held is that no input costs more memory than UnpackXz says.
#include <cstdint>
#include <cstdlib>

#include "tools/symbolize/xz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMostBytes = 65 << 20;
  const std::string text = leaktrack::UnpackXz({reinterpret_cast<const char*>(data), size});
  if (text.size() > kMostBytes) abort();
  return 0;
}

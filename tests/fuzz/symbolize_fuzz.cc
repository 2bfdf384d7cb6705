// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the symbolizer with hostile ELF and DWARF files.
//
// The input is the file. libdw, libelf and libiberty are the distribution's and not instrumented.
// So only our own branches guide the fuzzer, and a bug in them shows as a crash, not as a sanitizer
// report.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "tests/fuzz/input_file.h"
#include "tools/symbolize/symbolizer.h"

using namespace leaktrack;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const InputFile file;
  file.Write({reinterpret_cast<const char*>(data), size});
  capture::ModuleInfo module;
  module.number = 1;
  module.path = file.path();
  std::vector<capture::Frame> frames;
  for (uint64_t address = 0; address < 0x4000; address += 61)
    frames.push_back(capture::MakeFrame(1, address));
  const auto symbolizer = NewElfSymbolizer({&module, 1});
  symbolizer->Prepare(frames);
  for (const capture::Frame frame : frames) {
    if (symbolizer->Resolve(frame).empty()) abort();
  }
  symbolizer->missing();
  return 0;
}

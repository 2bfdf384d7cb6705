// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the symbolizer with hostile ELF and DWARF files.
//
// The input is the file. libdw, libelf and libiberty are the distribution's and not instrumented.
// So only our own branches guide the fuzzer, and a bug in them shows as a crash, not as a sanitizer
// report.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tools/symbolize/symbolizer.h"

namespace {

using namespace leaktrack;  // NOLINT

struct File {
  File() : path("/dev/shm/leaktrack_fuzz." + std::to_string(getpid()) + ".so") {}
  ~File() { unlink(path.c_str()); }
  std::string path;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const File file;
  std::ofstream(file.path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  capture::ModuleInfo module;
  module.number = 1;
  module.path = file.path;
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

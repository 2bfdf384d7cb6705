// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the sources of names besides ELF and DWARF: the seal in a capture, and the map of JIT code
// that a process leaves.
//
// The same bytes go to each reader. Checked beside "no crash": a seal that was read is written and
// read back unchanged, a packed seal comes back unchanged, and an address with a name lies in code
// that the map contains.
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/read/seal.h"
#include "tools/symbolize/perf_map.h"
#include "tools/symbolize/seal.h"

namespace {

void Require(bool holds) {
  if (!holds) abort();
}

void ReadText(const std::string& text) {
  const std::optional<leaktrack::Seal> seal = leaktrack::ReadSeal(text, {});
  if (!seal) return;
  const std::string written = leaktrack::WriteSeal(*seal);
  const std::optional<leaktrack::Seal> again = leaktrack::ReadSeal(written, {});
  Require(again.has_value() && again->frames.size() == seal->frames.size() &&
          leaktrack::WriteSeal(*again) == written);
}

// Checksums would reject every mutation, so the trailer's are repaired.
void ReadTrailer(std::vector<uint8_t> file) {
  using leaktrack::capture::SealTrailer;
  leaktrack::capture::SplitSeal(file);
  if (file.size() < sizeof(SealTrailer)) return;
  SealTrailer trailer;
  const size_t at = file.size() - sizeof(trailer);
  memcpy(&trailer, file.data() + at, sizeof(trailer));
  trailer.magic = leaktrack::capture::kSealMagic;
  trailer.packed_bytes = std::min<uint64_t>(trailer.packed_bytes, at);
  trailer.plain_bytes %= 1 << 16;
  trailer.packed_crc =
      leaktrack::capture::Crc32c(file.data() + at - trailer.packed_bytes, trailer.packed_bytes);
  trailer.crc = leaktrack::capture::Crc32c(&trailer, offsetof(SealTrailer, crc));
  memcpy(file.data() + at, &trailer, sizeof(trailer));
  Require(leaktrack::capture::SplitSeal(file).capture.size() <= file.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ReadText(text);
  ReadTrailer({data, data + size});
  const std::vector<uint8_t> packed = leaktrack::capture::PackSeal(text);
  Require(leaktrack::capture::SplitSeal(packed).text == text);
  const leaktrack::PerfMap map = leaktrack::PerfMap::Parse(text);
  for (const uint64_t address : {uint64_t{0}, uint64_t{0x1008}, UINT64_MAX})
    Require(map.NameOf(address).empty() || !map.empty());
  return 0;
}

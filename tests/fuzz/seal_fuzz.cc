// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the seal behind a capture: its trailer, its packed text, and the names in that.
//
// The same bytes are the text of a seal, a file that ends in one, and a text to be packed. Held
// beside "no crash": a seal that was read is written and read back as the same; a packed text comes
// back as it was; what a seal names is a frame that it gives at least one function.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/read/seal.h"
#include "tests/fuzz/require.h"
#include "tools/symbolize/seal.h"

namespace {

using namespace leaktrack;  // NOLINT

constexpr size_t kMostPlainBytes = 1 << 16;

void ReadText(const std::string& text) {
  const capture::ModuleInfo module{.number = 1, .path = "/usr/lib/libaudit.so", .build_id = "ab"};
  const std::optional<Seal> seal = ReadSeal(text, {&module, 1});
  if (!seal) return;
  for (const auto& [frame, functions] : seal->frames) {
    Require(!functions.empty());
    const bool known = capture::FrameModule(frame) == 1;
    Require(functions.front().module == (known ? module.path : ""));
  }
  const std::string written = WriteSeal(*seal);
  const std::optional<Seal> again = ReadSeal(written, {});
  Require(again.has_value() && again->frames.size() == seal->frames.size() &&
          WriteSeal(*again) == written);
}

// Checksums would stop a fuzzer at the door: the trailer's are repaired.
std::vector<uint8_t> Repaired(std::vector<uint8_t> file) {
  capture::SealTrailer trailer;
  if (file.size() < sizeof(trailer)) return file;
  const size_t at = file.size() - sizeof(trailer);
  memcpy(&trailer, file.data() + at, sizeof(trailer));
  trailer.magic = capture::kSealMagic;
  trailer.packed_bytes = std::min<uint64_t>(trailer.packed_bytes, at);
  trailer.plain_bytes %= kMostPlainBytes;
  trailer.packed_crc =
      capture::Crc32c(file.data() + at - trailer.packed_bytes, trailer.packed_bytes);
  trailer.crc = capture::Crc32c(&trailer, offsetof(capture::SealTrailer, crc));
  memcpy(file.data() + at, &trailer, sizeof(trailer));
  return file;
}

void ReadFile(const std::vector<uint8_t>& file) {
  const capture::SealedFile parts = capture::SplitSeal(file);
  Require(parts.capture.size() <= file.size() && parts.capture.data() == file.data());
  Require(parts.text.empty() || parts.problem.empty());
  ReadText(parts.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::vector<uint8_t> file(data, data + size);
  ReadText(text);
  ReadFile(file);
  ReadFile(Repaired(file));
  const std::vector<uint8_t> packed = capture::PackSeal(text);
  Require(capture::SplitSeal(packed).text == text);
  return 0;
}

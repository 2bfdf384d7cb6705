// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes folding: a hostile flight recorder is decoded alone, decoded on top of a hostile capture,
// and folded into it.
//
// Input: length of the recorder (4 bytes), the recorder, then the capture that it is folded into
// (may be empty). Magic and version of the recorder are corrected, so that a raised version alone
// does not make the corpus worthless. If the layout has changed, make the corpus files again
// (tests/support/recorder_builder.h).
// Checked beside "no crash": whatever a recorder contains, the capture into which it was folded can
// be opened.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "libtrack/capture/read/capture_bytes.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/fold.h"

namespace {

using namespace leaktrack::capture;  // NOLINT

const std::string& Path(const char* kind) {
  static const std::string base = "/dev/shm/leaktrack_fuzz." + std::to_string(getpid());
  static const std::string recorder = base + ".recorder", capture = base + ".capture";
  static const int at_exit = atexit([] {
    unlink(recorder.c_str());
    unlink(capture.c_str());
  });
  (void)at_exit;
  return *kind == 'r' ? recorder : capture;
}

void Write(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

void Repair(std::vector<uint8_t>* recorder) {
  if (recorder->size() < sizeof(RecorderHeader)) return;
  memcpy(recorder->data() + offsetof(RecorderHeader, magic), &kRecorderMagic,
         sizeof(kRecorderMagic));
  memcpy(recorder->data() + offsetof(RecorderHeader, version), &kRecorderVersion,
         sizeof(kRecorderVersion));
}

void Fold(const std::vector<uint8_t>& recorder, const std::vector<uint8_t>& capture) {
  Write(Path("recorder"), recorder);
  Write(Path("capture"), capture);
  std::string why;
  const FoldOptions options{
      .capture_path = Path("capture"), .end_state = {}, .owner_is_dead = true};
  const FoldResult result = FoldRecorder(Path("recorder"), options, &why);
  const DecodeResult opened =
      DecodeCaptureFile(Path("capture"), {.use_recorder = false, .recorder_directory = {}});
  if (result != FoldResult::kFolded || opened.failure == DecodeFailure::kNone) return;
  fprintf(stderr, "folded, but: %s\n", opened.message.c_str());
  abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t length = 0;
  if (size < sizeof(length)) return 0;
  memcpy(&length, data, sizeof(length));
  const uint8_t* at = data + sizeof(length);
  const size_t split = std::min<size_t>(length, size - sizeof(length));
  std::vector<uint8_t> recorder(at, at + split);
  const std::vector<uint8_t> capture(at + split, data + size);
  Repair(&recorder);
  std::string why;
  RecorderImage image;
  if (!image.LoadBytes(recorder.data(), recorder.size(), &why)) return 0;
  DecodeRecorderImage("fuzz", image);
  if (!capture.empty()) DecodeCaptureBytes("fuzz", capture, &image);
  Fold(recorder, capture);
  return 0;
}

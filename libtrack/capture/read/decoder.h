// SPDX-License-Identifier: Apache-2.0
//
// A capture as the tools see it: bytes in, plain data out.
//
// What: reads a capture file, and, where the run's flight recorder still exists, the recorder on
// top of it, into one `Capture` value (capture.h).
// Promises: any input is legal input. Damage (cut off, flipped bits, torn records) is skipped and
// described in `damage`; everything readable is returned. Counters are absolute, so nothing is
// counted twice when the file and the recorder overlap. Limits: memory is bounded by the input's
// declared and checked sizes; nothing is trusted.
//
// Thread-safety: none; values only. Used by tools and tests, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_DECODER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_DECODER_H_

#include <cstdint>
#include <string>

#include "libtrack/capture/capture.h"

namespace leaktrack::capture {

// What went wrong so badly that there is no Capture.
enum class DecodeFailure : uint8_t { kNone, kCannotRead, kNotACapture, kTooNew, kTooDamaged };
struct DecodeResult {
  DecodeFailure failure = DecodeFailure::kNone;
  std::string message;  // one line for the user: file, offset, what, and what to do
  Capture capture;      // valid when failure is kNone
};

struct DecodeOptions {
  bool use_recorder = true;  // look for the run's flight recorder at its recorded path
  std::string
      recorder_directory;  // look there instead of the recorded directory (tests, containers)
};

DecodeResult DecodeCaptureFile(const std::string& path, const DecodeOptions& options = {});

// Copies the recorder of the run whose capture this is: from where it was, or, of a process that
// runs in a container, from below its root. False: there is none to be read.
class RecorderImage;
bool LoadRecorderOf(const std::string& capture_path, RecorderImage* image);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_DECODER_H_

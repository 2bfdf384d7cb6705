// SPDX-License-Identifier: Apache-2.0
//
// A capture for the tools: bytes in, plain data out.
//
// Reads a capture file into one `Capture` value (capture.h). If the run's flight recorder still
// exists, its contents are added.
// Promises: any input is legal. Damage (truncation, flipped bits, torn records) is skipped and
// described in `damage`, and everything readable is returned. Counters are absolute, so nothing is
// counted twice where the file and the recorder overlap.
// Limits: memory is bounded by sizes that are declared in the input and checked. Nothing in the
// input is trusted.
//
// Thread-safety: none; values only. Used by tools and tests, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_DECODER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_DECODER_H_

#include <cstdint>
#include <string>

#include "libtrack/capture/capture.h"

namespace leaktrack::capture {

// The reasons why there is no Capture at all.
enum class DecodeFailure : uint8_t { kNone, kCannotRead, kNotACapture, kTooNew, kTooDamaged };
struct DecodeResult {
  DecodeFailure failure = DecodeFailure::kNone;
  std::string message;  // one line for the user: file, offset, problem, and what to do
  Capture capture;      // valid when failure is kNone
};

struct DecodeOptions {
  bool use_recorder = true;  // look for the run's flight recorder at its recorded path
  // Look for the recorder here instead of in the recorded directory (tests, containers).
  std::string recorder_directory;
};

DecodeResult DecodeCaptureFile(const std::string& path, const DecodeOptions& options = {});

// Copies the recorder of the run that this capture belongs to. It is read at its recorded path, or
// below the root of the process if this runs in a container. False: no recorder can be read.
class RecorderImage;
bool LoadRecorderOf(const std::string& capture_path, RecorderImage* image);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_DECODER_H_

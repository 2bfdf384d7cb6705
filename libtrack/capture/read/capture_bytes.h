// SPDX-License-Identifier: Apache-2.0
//
// The decoder without files: bytes in, Capture out. For decoder.h itself, tests and fuzzing.
//
// Thread-safety: pure functions, apart from looking whether the owner lives.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BYTES_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BYTES_H_

#include <cstdint>
#include <span>
#include <string>

#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/recorder_image.h"

namespace leaktrack::capture {

// `image` may be nullptr; it is ignored if it is of another run or already folded.
DecodeResult DecodeCaptureBytes(const std::string& path, std::span<const uint8_t> file,
                                const RecorderImage* image);

// A recorder on its own.
DecodeResult DecodeRecorderImage(const std::string& path, const RecorderImage& image);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BYTES_H_

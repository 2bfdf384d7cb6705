// SPDX-License-Identifier: Apache-2.0
//
// The decoder without files: bytes in, Capture out. For the file decoder, tests and fuzzing.
//
// Thread-safety: pure functions, but for the check whether the owner is alive.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BYTES_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BYTES_H_

#include <cstdint>
#include <span>
#include <string>

#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/recorder_image.h"

namespace leaktrack::capture {

// `image` may be nullptr. It is ignored if it belongs to another run or is folded already.
DecodeResult DecodeCaptureBytes(const std::string& path, std::span<const uint8_t> file,
                                const RecorderImage* image);

// Decodes a recorder that has no capture file.
DecodeResult DecodeRecorderImage(const std::string& path, const RecorderImage& image);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_CAPTURE_BYTES_H_

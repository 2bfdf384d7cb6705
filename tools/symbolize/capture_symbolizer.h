// SPDX-License-Identifier: Apache-2.0
//
// Everything that can name the frames of a capture, in the order in which it is asked: the seal
// that it carries, the map of made code that its process left, the files of this machine.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_CAPTURE_SYMBOLIZER_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_CAPTURE_SYMBOLIZER_H_

#include <memory>
#include <optional>

#include "libtrack/capture/capture.h"
#include "tools/symbolize/cached_symbolizer.h"
#include "tools/symbolize/seal.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

// Empty: the capture carries none, or none of this version.
std::optional<Seal> SealOf(const capture::Capture& capture);

// `capture` and `cache` must outlive it.
std::unique_ptr<Symbolizer> NewCaptureSymbolizer(const capture::Capture& capture,
                                                 const SymbolizerOptions& options,
                                                 FrameCache* cache, std::optional<Seal> seal);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_CAPTURE_SYMBOLIZER_H_

// SPDX-License-Identifier: Apache-2.0
//
// A 64-bit hash of the frames of a stack, computed from the outermost frame inwards. The fold of a
// stack that has grown by one frame follows from that frame and the previous fold. So a walk that
// reuses outer frames folds only the new frames.
//
// Promises: the fold depends on the order and on every bit of the frames (pitfall X16). Different
// stacks may have the same fold, so a look-up must also compare the frames.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_FOLD_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_FOLD_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

inline constexpr uint64_t kFoldOfNoFrame = 0;

// The fold of a stack whose innermost frame is `frame`. `outer` is the fold of all frames outside
// it. `depth` is the frame's number, counted from 1 at the outermost frame. Each frame is mixed
// with its depth independently, so the multiplications of different frames run in parallel.
inline uint64_t FoldFrame(uint64_t outer, capture::Frame frame, uint64_t depth) {
  uint64_t mixed = (frame + depth * 0x9e37'79b9'7f4a'7c15ULL) * 0xff51'afd7'ed55'8ccdULL;
  mixed ^= mixed >> 32;
  return outer + mixed * 0xc4ce'b9fe'1a85'ec53ULL;
}

// `frames` is leaf first, as everywhere.
inline uint64_t FoldFrames(std::span<const capture::Frame> frames) {
  uint64_t fold = kFoldOfNoFrame;
  for (size_t i = frames.size(); i > 0; --i)
    fold = FoldFrame(fold, frames[i - 1], frames.size() - i + 1);
  return fold;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_FOLD_H_

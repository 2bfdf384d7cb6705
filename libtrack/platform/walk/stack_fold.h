// SPDX-License-Identifier: Apache-2.0
//
// One 64-bit number for the frames of a stack, taken from the outermost frame inwards: the fold of
// a stack that has grown by a frame follows from that frame and the fold it had before, so a walk
// that reuses outer frames folds only what is new.
//
// Promises: order and every bit of a frame count (pitfall X16). Different stacks may have the same
// fold: whoever looks one up compares the frames.
//
// Thread-safety: yes.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_FOLD_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_FOLD_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

inline constexpr uint64_t kFoldOfNoFrame = 0;

// Of the stack whose innermost frame is `frame`, the `depth`-th from the outermost, which is the
// first; `outer`: the fold of all frames outside it. Frames do not wait for each other: each is
// mixed with its depth by itself.
inline uint64_t FoldFrame(uint64_t outer, capture::Frame frame, uint64_t depth) {
  uint64_t mixed = (frame + depth * 0x9e37'79b9'7f4a'7c15ULL) * 0xff51'afd7'ed55'8ccdULL;
  mixed ^= mixed >> 32;
  return outer + mixed * 0xc4ce'b9fe'1a85'ec53ULL;
}

// Leaf first, as everywhere.
inline uint64_t FoldFrames(std::span<const capture::Frame> frames) {
  uint64_t fold = kFoldOfNoFrame;
  for (size_t i = frames.size(); i > 0; --i)
    fold = FoldFrame(fold, frames[i - 1], frames.size() - i + 1);
  return fold;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_FOLD_H_

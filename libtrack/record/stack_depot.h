// SPDX-License-Identifier: Apache-2.0
//
// Gives every distinct allocation stack one number for the life of the run.
//
// The depot is insert-only. Records are appended to the arena. The index finds them by open
// addressing with a 64-bit hash of the frames. Nothing is ever moved or removed, so a reader needs
// no lock, and a dead image reads as well as a live one.
//
//  claim    CAS record_bytes 0 -> n in the record at the cursor, then move the cursor. A thread
//           that finds the record claimed but the cursor not moved moves it. So a kill at any
//           instant leaves no gap that a reader cannot walk over.
//  fill     hash, kind, flags, frames; then ready = 1 (release).
//  publish  CAS an empty index slot to the id. A thread that loses to the same stack uses the
//           winner's id. Its own record stays in the arena, ready and walkable; no index slot
//           names it.
//
// Limits: probing stops after kMaxProbes slots. If the arena or the index is full, the answer is 0
// and kLostUnwind counts it.
//
// Thread-safety: any thread, lock-free.
// Allocates: never; asks for pages.
// Signals: safe.
// Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_STACK_DEPOT_H_
#define LEAKTRACK_LIBTRACK_RECORD_STACK_DEPOT_H_

#include <cstdint>
#include <span>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/walk/stack_fold.h"
#include "libtrack/record/image.h"

namespace leaktrack::track {

class StackDepot {
 public:
  static constexpr uint32_t kMaxProbes = 256;

  void Bind(const ImageView& image);

  // A stack to look up.
  struct Stack {
    Stack(capture::SiteKind of_kind, std::span<const capture::Frame> leaf_first, bool is_truncated)
        : Stack(of_kind, leaf_first, is_truncated, FoldFrames(leaf_first)) {}
    Stack(capture::SiteKind of_kind, std::span<const capture::Frame> leaf_first, bool is_truncated,
          uint64_t their_fold)
        : frames(leaf_first), fold(their_fold), kind(of_kind), truncated(is_truncated) {}

    std::span<const capture::Frame> frames;
    uint64_t fold;  // of the frames (platform/walk/stack_fold.h)
    capture::SiteKind kind;
    bool truncated;
  };

  // The same stack (kind, frames and truncation) always has the same id, in every thread. 0: no
  // room.
  [[nodiscard]] capture::SiteId Intern(const Stack& stack);

  const capture::StackRecord& record(capture::SiteId id) const;

 private:
  bool Matches(capture::SiteId id, uint64_t hash, const Stack& stack) const;
  capture::SiteId Append(uint64_t hash, const Stack& stack);
  capture::StackRecord* Claim(uint32_t bytes);

  ImageView image_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_STACK_DEPOT_H_

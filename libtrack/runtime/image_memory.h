// SPDX-License-Identifier: Apache-2.0
//
// The recorder image of this run, and the backing of its pages.
//
// Tables grow inside regions whose places are fixed at the start, and of which only what is used is
// mapped: address space counts against limits that are the program's. Before a page is touched it
// is mapped and committed, kCommitStepBytes at a time: by the drainer ahead of need, through its
// descriptor, or, when a burst outruns it, by the thread that needs the room, through the kernel's
// populate call. A refusal is a loss that is counted, never a fault; a thread of the program does
// not ask again for that region, the drainer does, once a second.
//
// Thread-safety: Commit from any thread; Create and Abandon only while no hook can be inside.
// Allocates: never.   Signals: Commit is safe.   Fork: the child abandons this image and creates
// its own.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_IMAGE_MEMORY_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_IMAGE_MEMORY_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/os/recorder_file.h"

namespace leaktrack::track {

inline constexpr uint64_t kCommitStepBytes = 256 * 1024;

// The image in use. `fd` is only valid in the descriptor table of the thread that holds this copy.
extern RecorderFile g_image_file __attribute__((visibility("hidden")));

inline capture::RecorderHeader* ImageHeader() {
  return reinterpret_cast<capture::RecorderHeader*>(g_image_file.base);
}

// The image of a new run takes the place of the one in use, which stays mapped. Its first
// `header_bytes` are mapped.
void UseImage(const RecorderFile& file, uint64_t header_bytes);

// Makes sure that the first `bytes` of the region may be touched.
bool CommitRegion(capture::RegionId id, uint64_t bytes);

// What is mapped of an image, so that it can be unmapped when another has taken its place. Nothing
// between the pieces is ours.
struct MappedImage {
  RecorderFile file;
  uint64_t header_bytes = 0;
  struct {
    uint64_t offset, bytes;
  } pieces[capture::kRegionCount]{};
};
MappedImage WhatIsMapped();
void Unmap(const MappedImage& image);

// In a fork child: what is mapped at the image's place becomes a private copy, so that code which
// the fork caught in the middle of a record ends it there and not in the parent's books. Without
// memory for it nothing changes.
void MakeImagePrivate();

// Gives back the pages of a recorder that nobody needs any more, but for its header and modules:
// who has dropped privileges may not remove its name. The gate is shut; what is still read of the
// tables is zero, as before they were used.
void EmptyImage();

// By the drainer, with a descriptor of its own: keeps one step of room ahead in the regions that
// grow record by record.
void CommitAhead(const RecorderFile& file);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_IMAGE_MEMORY_H_

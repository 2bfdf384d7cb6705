// SPDX-License-Identifier: Apache-2.0
//
// The recorder image of this run, and the memory behind its pages.
//
// Tables grow inside regions whose addresses are fixed at the start. Only the used part of a region
// is mapped, because address space counts against the program's limits. A page is mapped and
// committed before it is touched, kCommitStepBytes at a time. The drainer does this ahead of need,
// through its descriptor. If a burst outruns it, the thread that needs the room does it, through
// the kernel's populate call. A refusal is a counted loss, never a fault. After a refusal, threads
// of the program do not ask again for that region; the drainer does, once a second.
//
// Thread-safety: Commit from any thread; replace images only while no hook can be inside.
// Allocates: never.
// Signals: Commit is safe.
// Fork: the child abandons this image and creates its own.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_IMAGE_MEMORY_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_IMAGE_MEMORY_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/os/recorder_file.h"

namespace leaktrack::track {

inline constexpr uint64_t kCommitStepBytes = 256 * 1024;

// The image in use. `fd` is valid only in the descriptor table of the thread that holds this copy.
extern RecorderFile g_image_file __attribute__((visibility("hidden")));

inline capture::RecorderHeader* ImageHeader() {
  return reinterpret_cast<capture::RecorderHeader*>(g_image_file.base);
}

// Makes the image of a new run the one in use. The previous image stays mapped. The first
// `header_bytes` of the new one must be mapped.
void UseImage(const RecorderFile& file, uint64_t header_bytes);

// Makes the first `bytes` of the region safe to touch.
bool CommitRegion(capture::RegionId id, uint64_t bytes);

// The mapped pieces of an image, so that it can be unmapped once another has replaced it. Nothing
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

// For a fork child: makes a private copy of what is mapped at the image's address. If the fork
// interrupted code that was recording, this code then finishes in the copy and not in the parent's
// recorder. Without memory for the copy nothing changes.
void MakeImagePrivate();

// Gives back the pages of a recorder that nobody needs any more, except for its header and modules.
// For a process that has dropped its privileges and may not remove the file. The gate is shut;
// later reads of the tables see zeros, as before their first use.
void EmptyImage();

// Called by the drainer, with its own descriptor: keeps one step of room ahead in the regions that
// grow record by record.
void CommitAhead(const RecorderFile& file);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_IMAGE_MEMORY_H_

// SPDX-License-Identifier: Apache-2.0
//
// Plans the recorder's regions, initialises a fresh image, and gives all tables one way to reach
// it.
//
// The reserves are generous and cost nothing. Pages are mapped and committed in steps of 256 KiB
// before they are touched. On tmpfs, touching a page that cannot be had is a SIGBUS in the host
// program (pitfall P6). With the default options the start costs about 4.5 MiB of pages. The whole
// image never costs more than the sum of the reserves, about 41 MiB.
//
// Use:  ImagePlan plan = PlanImage(options);
//       map plan.image_bytes; commit plan.header_bytes; InitImage(base, plan, commit, context);
//       fill in the identity (pid, host, ...); Tracker::Bind().
//
// Thread-safety: PlanImage, InitImage: before the image is shared; ImageView: any thread.
// Allocates: never.
// Signals: safe.
// Fork: the child plans an image of its own.
#ifndef LEAKTRACK_LIBTRACK_RECORD_IMAGE_H_
#define LEAKTRACK_LIBTRACK_RECORD_IMAGE_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

inline constexpr uint64_t kCommitStep = 256 * 1024;

// Makes the first `bytes` bytes of a region safe to touch. Bytes that were never written read as
// zero. Several threads may call it at once, also for bytes that are already committed. It must be
// async-signal-safe and must not allocate.
using CommitFn = bool (*)(void* context, capture::RegionId region, uint64_t bytes);

struct ImageOptions {
  uint64_t live_limit = 32'768;  // live samples; rounded up to whole buckets, a power of two
  // Above 0: exact mode; the live table may grow to hold that many blocks.
  uint64_t exact_block_limit = 0;
  uint64_t depot_bytes = 16 << 20;
  uint64_t cell_bytes = 8 << 20;
  uint32_t thread_blocks = 2'048;  // at most kMaxThreadBlocks
  uint32_t map_entries = 8'192;
  uint32_t module_entries = 1'024;
};

struct ImagePlan {
  uint64_t image_bytes = 0;
  uint64_t header_bytes = 0;  // commit these before InitImage
  uint64_t live_buckets = 0;  // in the first live segment
  struct {
    uint64_t offset = 0;
    uint64_t reserved_bytes = 0;
    uint64_t entries = 0;
    uint64_t initial_bytes = 0;  // InitImage commits these
  } regions[capture::kRegionCount];
};

ImagePlan PlanImage(const ImageOptions& options);

// Fills the header's tables of a zero-filled image. False: a page could not be had.
[[nodiscard]] bool InitImage(void* base, const ImagePlan& plan, CommitFn commit, void* context);

// Access to an image for the tables.
class ImageView {
 public:
  void Bind(void* base, CommitFn commit, void* context);

  capture::RecorderHeader& header() const { return *header_; }
  template <typename T>
  T* region(capture::RegionId id) const {
    return reinterpret_cast<T*>(base_ + header_->regions[id].offset);
  }
  uint64_t entries(capture::RegionId id) const { return header_->regions[id].entries; }

  // True if the first `bytes` of the region may be touched. Commits pages if needed.
  [[nodiscard]] bool Ensure(capture::RegionId id, uint64_t bytes) const {
    LEAKTRACK_DCHECK(header_ != nullptr);
    return bytes <= header_->regions[id].committed_bytes.load(std::memory_order_acquire) ||
           Commit(id, bytes);
  }

  void Count(capture::LossId id, uint64_t n = 1) const {
    header_->losses[id].fetch_add(n, std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] bool Commit(capture::RegionId id, uint64_t bytes) const;

  char* base_ = nullptr;
  capture::RecorderHeader* header_ = nullptr;
  CommitFn commit_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_IMAGE_H_

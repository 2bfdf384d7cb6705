// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/image.h"

#include <algorithm>
#include <bit>

#include "libtrack/capture/dcheck.h"
#include "libtrack/record/kept_ring.h"
#include "libtrack/record/live_table.h"

namespace leaktrack::track {
namespace {

using namespace capture;

constexpr uint64_t kPage = 4096;

constexpr uint64_t RoundUp(uint64_t n, uint64_t unit) { return (n + unit - 1) / unit * unit; }

// Space for the first segment, the stash, and as many doublings as `blocks` need at three quarters
// load.
uint64_t LiveBytes(uint64_t first_buckets, uint64_t blocks) {
  uint64_t buckets = first_buckets;
  for (uint32_t s = 2; s < kMaxLiveSegments && buckets * 3 < blocks; ++s) buckets *= 2;
  return (buckets + StashBuckets(first_buckets)) * sizeof(LiveBucket);
}

}  // namespace

ImagePlan PlanImage(const ImageOptions& options) {
  ImagePlan plan;
  plan.header_bytes = RoundUp(sizeof(RecorderHeader), kPage);
  plan.live_buckets = std::max<uint64_t>(std::bit_ceil((options.live_limit + 3) / 4), 16);
  uint64_t at = plan.header_bytes;
  auto place = [&](RegionId id, uint64_t entries, uint64_t unit, uint64_t initial_bytes) {
    const uint64_t reserved = RoundUp(entries * unit, kPage);
    plan.regions[id] = {at, reserved, entries, std::min(RoundUp(initial_bytes, kPage), reserved)};
    at += reserved;
  };

  const uint64_t stacks = std::bit_ceil(options.depot_bytes / 64);
  place(kRegionDepotIndex, stacks, sizeof(SiteId), stacks * sizeof(SiteId));
  place(kRegionDepotArena, options.depot_bytes, 1, kCommitStep);
  const uint64_t cells = options.cell_bytes / sizeof(Cell);
  const uint64_t cell_slots = std::bit_ceil(cells + cells / 4);
  place(kRegionCellIndex, cell_slots, sizeof(uint32_t), cell_slots * sizeof(uint32_t));
  place(kRegionCells, cells, sizeof(Cell), kCommitStep);
  const uint64_t blocks =
      options.exact_block_limit == 0 ? 0 : options.exact_block_limit + options.live_limit;
  const uint64_t live_bytes = LiveBytes(plan.live_buckets, blocks);
  place(kRegionLive, live_bytes, 1,
        (plan.live_buckets + StashBuckets(plan.live_buckets)) * sizeof(LiveBucket));
  place(kRegionMaps, options.map_entries, sizeof(MapEntry), kPage);
  place(kRegionModules, options.module_entries, sizeof(ModuleEntry),
        options.module_entries * sizeof(ModuleEntry));
  const uint64_t blocks_wanted =
      std::clamp<uint64_t>(options.thread_blocks, 1, ThreadBlocks::kMaxThreadBlocks);
  place(kRegionThreads, blocks_wanted, sizeof(ThreadBlock), kCommitStep);
  plan.image_bytes = at;
  return plan;
}

bool InitImage(void* base, const ImagePlan& plan, CommitFn commit, void* context) {
  LEAKTRACK_DCHECK(reinterpret_cast<uintptr_t>(base) % kPage == 0);
  RecorderHeader* const header = static_cast<RecorderHeader*>(base);
  LEAKTRACK_DCHECK(header->magic == 0);
  header->version = kRecorderVersion;
  header->header_bytes = static_cast<uint32_t>(plan.header_bytes);
  header->image_bytes = plan.image_bytes;
  for (uint32_t i = 0; i < kRegionCount; ++i) {
    const auto& region = plan.regions[i];
    header->regions[i].offset = region.offset;
    header->regions[i].reserved_bytes = region.reserved_bytes;
    header->regions[i].entries = region.entries;
    if (region.initial_bytes == 0) continue;
    if (!commit(context, static_cast<RegionId>(i), region.initial_bytes)) return false;
    header->regions[i].committed_bytes.store(region.initial_bytes, std::memory_order_release);
  }
  LiveSegment& first = header->live_segments[0];
  first.offset = 0;
  first.bucket_count.store(plan.live_buckets, std::memory_order_release);
  LiveSegment& stash = header->live_segments[1];
  stash.offset = plan.live_buckets * sizeof(LiveBucket);
  stash.bucket_count.store(StashBuckets(plan.live_buckets), std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);
  header->magic = kRecorderMagic;  // last: a reader that sees the magic number sees the rest
  return true;
}

void ImageView::Bind(void* base, CommitFn commit, void* context) {
  LEAKTRACK_DCHECK(base != nullptr);
  base_ = static_cast<char*>(base);
  header_ = static_cast<RecorderHeader*>(base);
  commit_ = commit;
  context_ = context;
}

bool ImageView::Commit(RegionId id, uint64_t bytes) const {
  Region& region = header_->regions[id];
  if (bytes > region.reserved_bytes) return false;
  const uint64_t wanted = std::min(RoundUp(bytes, kCommitStep), region.reserved_bytes);
  if (!commit_(context_, id, wanted)) return false;
  uint64_t seen = region.committed_bytes.load(std::memory_order_relaxed);
  while (seen < wanted &&
         !region.committed_bytes.compare_exchange_weak(seen, wanted, std::memory_order_release)) {
  }
  return true;
}

}  // namespace leaktrack::track

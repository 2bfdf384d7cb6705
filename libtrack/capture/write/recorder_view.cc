// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/write/recorder_view.h"

#include <atomic>
#include <cstring>

namespace leaktrack::capture {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint32_t kTries = 4;
constexpr uint32_t kMostFrames = 1 << 16;

template <typename T>
T Relaxed(const std::atomic<T>& value) {
  return value.load(std::memory_order_relaxed);
}
template <typename T>
T Acquire(const std::atomic<T>& value) {
  return value.load(std::memory_order_acquire);
}
// A thread's share of live blocks. 0 for values that only a damaged image contains.
int64_t LiveIn(const Cell& counter) {
  const int64_t live = CounterLive(Relaxed(counter.objects));
  return live >= -kCounterMost && live <= kCounterMost ? live : 0;
}
uint64_t Smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

}  // namespace

bool RecorderView::Open(RecorderHeader* image, uint64_t bytes) {
  image_ = nullptr;
  bad_regions_ = 0;
  if (image == nullptr || bytes < sizeof(RecorderHeader)) return false;
  if (image->magic != kRecorderMagic || image->version != kRecorderVersion) return false;
  image_ = image;
  for (uint32_t i = 0; i < kRegionCount; ++i) {
    const Region& region = image->regions[i];
    offset_[i] = region.offset;
    const bool fits =
        offset_[i] >= sizeof(RecorderHeader) && offset_[i] <= bytes && offset_[i] % kPage == 0;
    // Nothing is read without room, but addresses are computed from the offset.
    if (!fits) offset_[i] = 0;
    room_[i] = fits ? Smaller(region.reserved_bytes, bytes - offset_[i]) : 0;
    bad_regions_ += !fits && region.reserved_bytes != 0;
  }
  return true;
}

uint64_t RecorderView::Usable(RegionId id) const {
  return Smaller(room_[id], Acquire(image_->regions[id].committed_bytes));
}

WalkStep RecorderView::NextStack(uint64_t* cursor, StackCopy* out) const {
  const uint64_t usable = Smaller(Usable(kRegionDepotArena), Acquire(image_->depot_used_bytes));
  const uint64_t at = *cursor;
  if (at % 8 != 0 || at > usable || usable - at < sizeof(StackRecord)) return WalkStep::kEnd;
  const auto* record = reinterpret_cast<const StackRecord*>(At(kRegionDepotArena, at));
  const uint32_t bytes = Acquire(record->record_bytes);
  if (bytes < sizeof(StackRecord) || bytes % 8 != 0 || bytes > usable - at) return WalkStep::kEnd;
  if (Acquire(record->ready) == 0) {
    *cursor = at + bytes;
    return WalkStep::kNotReady;
  }
  const uint32_t frames = record->frame_count;
  if (frames > kMostFrames || sizeof(StackRecord) + frames * sizeof(Frame) > bytes)
    return WalkStep::kEnd;
  *out = {static_cast<SiteId>(at / 8), record->kind, record->flags, frames, record->frames};
  *cursor = at + bytes;
  return WalkStep::kStack;
}

uint32_t RecorderView::cell_count() const {
  return static_cast<uint32_t>(
      Smaller(Acquire(image_->cell_count), Usable(kRegionCells) / sizeof(Cell)));
}

const Cell& RecorderView::CellAt(uint32_t number) const {
  return *reinterpret_cast<const Cell*>(At(kRegionCells, uint64_t{number} * sizeof(Cell)));
}

bool RecorderView::CopyCell(uint32_t number, CellCopy* out) const {
  const Cell& cell = CellAt(number);
  out->key = Acquire(cell.key);
  if (out->key == 0 || out->key > kSharedKeyMask) return false;
  out->samples = Acquire(cell.samples);  // first, so that the sums below hold at least that much
  out->objects = Relaxed(cell.objects);
  out->bytes = Relaxed(cell.bytes);
  out->bytes_squared = Relaxed(cell.bytes_squared);
  out->variance = Relaxed(cell.variance);
  return true;
}

bool RecorderView::SumOwnCells(CellOwnSums* sums, uint32_t count, SharedCounters* counters) const {
  bool any = false;
  *counters = {Relaxed(image_->samples_total), static_cast<uint64_t>(Relaxed(image_->live_count))};
  for (uint32_t i = 0, cells = cell_count(); i < cells; ++i) {
    const Cell& cell = CellAt(i);
    const uint64_t key = Acquire(cell.key), shared = key >> kOwnCellShift;
    if (key == kCounterKey) {
      counters->samples += Relaxed(cell.samples);
      counters->live += static_cast<uint64_t>(LiveIn(cell));
      continue;
    }
    if (shared == 0 || shared > count) continue;
    if (!any) memset(sums, 0, count * sizeof(CellOwnSums));
    any = true;
    CellOwnSums& sum = sums[shared - 1];
    sum.samples += Acquire(cell.samples);  // first, as in CopyCell
    sum.objects += Relaxed(cell.objects);
    sum.bytes += Relaxed(cell.bytes);
    sum.bytes_squared += Relaxed(cell.bytes_squared);
  }
  // A death was read before its birth.
  if (static_cast<int64_t>(counters->live) < 0) counters->live = 0;
  return any;
}

uint32_t RecorderView::module_count() const {
  const uint64_t entries = Usable(kRegionModules) / sizeof(ModuleEntry);
  if (entries == 0) return 0;
  return static_cast<uint32_t>(Smaller(Acquire(image_->module_count), entries - 1));
}

const ModuleEntry* RecorderView::Module(uint32_t number) const {
  const auto* entry = reinterpret_cast<const ModuleEntry*>(
      At(kRegionModules, uint64_t{number} * sizeof(ModuleEntry)));
  return Acquire(entry->ready) != 0 ? entry : nullptr;
}

LiveSlots RecorderView::Slots(uint32_t segment) const {
  const LiveSegment& entry = image_->live_segments[segment];
  const uint64_t buckets = Acquire(entry.bucket_count);
  const uint64_t usable = Usable(kRegionLive);
  const uint64_t offset = entry.offset;
  LiveSlots slots;
  if (buckets == 0 || offset % sizeof(LiveBucket) != 0 || offset > usable) return slots;
  slots.count = 4 * Smaller(buckets, (usable - offset) / sizeof(LiveBucket));
  slots.buckets = reinterpret_cast<const LiveBucket*>(At(kRegionLive, offset));
  slots.first_slot = uint64_t{segment} << kSlotSegmentShift;
  slots.first_in_region = 4 * (offset / sizeof(LiveBucket));
  return slots;
}

// Copies until two copies agree: between the two reads of the key, another block may have taken the
// slot at the same address. A slot that keeps changing is being freed or filled; the next epoch
// will see it.
bool RecorderView::CopyLive(const LiveSlots& slots, uint64_t index, LiveCopy* out) const {
  const LiveBucket& bucket = slots.buckets[index / 4];
  const LiveHot& hot = bucket.slots[index % 4];
  if (Relaxed(hot.key) == kSlotEmpty) return false;
  const LiveCold& cold = bucket.details[index % 4];
  for (uint32_t i = 0; i < kTries; ++i) {
    const uint64_t key = Acquire(hot.key);
    if (key == kSlotEmpty) return false;
    const uint64_t size = Acquire(hot.size_interval), birth = Acquire(cold.birth_chain);
    const uint32_t site = Acquire(cold.site), first_s = Acquire(cold.first_birth_s);
    if (key == kSlotBusy || key != Acquire(hot.key) || size != Acquire(hot.size_interval) ||
        birth != Acquire(cold.birth_chain) || site != Relaxed(cold.site)) {
      continue;
    }
    out->slot = slots.first_slot + index;
    out->address = key;
    out->size = size >> 8;
    out->interval_bytes = IntervalBytes(size & 0xff);
    out->birth_ms = birth >> 24;
    out->chain = birth & 0xff'ffff;
    const uint64_t first_ms = uint64_t{first_s} * 1000;
    out->first_birth_ms = out->chain != 0 && first_ms < out->birth_ms ? first_ms : out->birth_ms;
    out->site = site;
    return site != 0 && out->interval_bytes != 0;
  }
  return false;
}

uint32_t RecorderView::map_count() const {
  return static_cast<uint32_t>(
      Smaller(Acquire(image_->map_count), Usable(kRegionMaps) / sizeof(MapEntry)));
}

bool RecorderView::CopyMap(uint32_t index, LiveCopy* out) const {
  const auto* entry =
      reinterpret_cast<const MapEntry*>(At(kRegionMaps, uint64_t{index} * sizeof(MapEntry)));
  const uint64_t start = __atomic_load_n(&entry->start, __ATOMIC_RELAXED);
  const uint64_t length = __atomic_load_n(&entry->length, __ATOMIC_RELAXED);
  const uint64_t birth = __atomic_load_n(&entry->birth_ms, __ATOMIC_RELAXED);
  const uint32_t site = __atomic_load_n(&entry->site, __ATOMIC_RELAXED);
  const uint64_t folded = start ^ length ^ birth;
  const uint32_t check = static_cast<uint32_t>(folded) ^ static_cast<uint32_t>(folded >> 32) ^ site;
  if (length == 0 || site == 0 || check != __atomic_load_n(&entry->check, __ATOMIC_RELAXED))
    return false;
  *out = {kMappingSlots + index, start, length, 1, birth, birth, site, 0};
  return true;
}

uint32_t RecorderView::thread_count() const {
  return static_cast<uint32_t>(
      Smaller(Acquire(image_->thread_count), Usable(kRegionThreads) / sizeof(ThreadBlock)));
}

ThreadBlock* RecorderView::Thread(uint32_t index) const {
  return reinterpret_cast<ThreadBlock*>(At(kRegionThreads, uint64_t{index} * sizeof(ThreadBlock)));
}

bool RecorderView::CopyKept(const ThreadBlock& block, uint64_t position, KeptCopy* out) const {
  const KeptEvent& event = block.events[position % kRingEvents];
  if (Acquire(event.sequence) != position + 1) return false;
  const uint64_t size = event.size_interval;
  *out = {position,   size >> 8,  IntervalBytes(size & 0xff), event.birth_ms, event.death_ms,
          event.site, event.chain};
  std::atomic_thread_fence(std::memory_order_acquire);
  return Relaxed(event.sequence) == position + 1;
}

uint64_t RecorderView::IntervalBytes(uint32_t index) const {
  if (index >= Smaller(Acquire(image_->interval_count), kMaxIntervals)) return 0;
  return Relaxed(image_->interval_bytes[index]);
}

}  // namespace leaktrack::capture

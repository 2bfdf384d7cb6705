// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/stack_depot.h"

#include <atomic>
#include <bit>
#include <cstddef>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/walk/unwind_memo.h"

namespace leaktrack::track {
namespace {

using namespace capture;

uint64_t HashOf(const StackDepot::Stack& stack) {
  uint64_t h = stack.fold ^ ((stack.frames.size() << 3) | (uint64_t{stack.truncated} << 2) |
                             static_cast<uint64_t>(stack.kind));
  h ^= h >> 32;
  h *= 0xc4ce'b9fe'1a85'ec53ULL;
  return h ^ (h >> 29);
}

bool AreSame(const Frame* a, const Frame* b, size_t count) {
  using Pair = uint64_t __attribute__((vector_size(16), aligned(8), may_alias));
  Pair difference{};
  size_t i = 0;
  for (; i + 2 <= count; i += 2)
    difference |= *reinterpret_cast<const Pair*>(a + i) ^ *reinterpret_cast<const Pair*>(b + i);
  return (difference[0] | difference[1]) == 0 && (i == count || a[i] == b[i]);
}

uint8_t FlagsOf(bool truncated) { return truncated ? kStackTruncated : 0; }

}  // namespace

void StackDepot::Bind(const ImageView& image) {
  LEAKTRACK_DCHECK(std::has_single_bit(image.entries(kRegionDepotIndex)));
  image_ = image;
  if (image.header().depot_used_bytes.load() != 0) return;
  // Offset 0 must name no stack: it holds a record without frames, which readers step over.
  if (StackRecord* const nothing = Claim(sizeof(StackRecord)))
    nothing->ready.store(1, std::memory_order_release);
}

const StackRecord& StackDepot::record(SiteId id) const {
  LEAKTRACK_DCHECK(uint64_t{id} * 8 < image_.header().depot_used_bytes.load());
  return *reinterpret_cast<const StackRecord*>(image_.region<char>(kRegionDepotArena) +
                                               uint64_t{id} * 8);
}

inline bool StackDepot::Matches(SiteId id, uint64_t hash, const Stack& stack) const {
  const StackRecord& found = record(id);
  return found.hash == hash && found.frame_count == stack.frames.size() &&
         found.kind == static_cast<uint8_t>(stack.kind) &&
         found.flags == FlagsOf(stack.truncated) &&
         AreSame(found.frames, stack.frames.data(), stack.frames.size());
}

StackRecord* StackDepot::Claim(uint32_t bytes) {
  std::atomic<uint64_t>& cursor = image_.header().depot_used_bytes;
  uint64_t at = cursor.load(std::memory_order_acquire);
  for (;;) {
    if (!image_.Ensure(kRegionDepotArena, at + bytes)) return nullptr;
    auto* const record =
        reinterpret_cast<StackRecord*>(image_.region<char>(kRegionDepotArena) + at);
    uint32_t claimed = 0;
    const bool mine =
        record->record_bytes.compare_exchange_strong(claimed, bytes, std::memory_order_acq_rel);
    const uint64_t next = at + (mine ? bytes : claimed);
    if (cursor.compare_exchange_strong(at, next, std::memory_order_acq_rel)) at = next;
    if (mine) return record;
  }
}

SiteId StackDepot::Append(uint64_t hash, const Stack& stack) {
  const std::span<const Frame> frames = stack.frames;
  StackRecord* const record =
      Claim(static_cast<uint32_t>(sizeof(StackRecord) + frames.size_bytes()));
  if (record == nullptr) return 0;
  record->kind = static_cast<uint8_t>(stack.kind);
  record->flags = FlagsOf(stack.truncated);
  record->hash = hash;
  record->frame_count = static_cast<uint32_t>(frames.size());
  for (size_t i = 0; i < frames.size(); ++i) record->frames[i] = frames[i];
  record->ready.store(1, std::memory_order_release);
  const auto offset = reinterpret_cast<char*>(record) - image_.region<char>(kRegionDepotArena);
  return static_cast<SiteId>(offset / 8);
}

SiteId StackDepot::Intern(const Stack& stack) {
  LEAKTRACK_DCHECK(stack.frames.size() <= kMaxFrames);
  LEAKTRACK_DCHECK(stack.fold == FoldFrames(stack.frames));
  const uint64_t hash = HashOf(stack);
  auto* const index = image_.region<std::atomic<SiteId>>(kRegionDepotIndex);
  const uint64_t mask = image_.entries(kRegionDepotIndex) - 1;
  SiteId mine = 0;
  for (uint32_t probe = 0; probe < kMaxProbes; ++probe) {
    std::atomic<SiteId>& slot = index[(hash + probe) & mask];
    SiteId found = slot.load(std::memory_order_acquire);
    if (found == 0) {
      if (mine == 0) mine = Append(hash, stack);
      if (mine == 0) break;
      if (slot.compare_exchange_strong(found, mine, std::memory_order_acq_rel,
                                       std::memory_order_acquire))
        return mine;
    }
    if (Matches(found, hash, stack)) return found;
  }
  image_.Count(kLostUnwind);
  return 0;
}

}  // namespace leaktrack::track

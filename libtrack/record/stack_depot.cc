// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/stack_depot.h"

#include <bit>

namespace leaktrack::track {
namespace {

using namespace capture;

uint64_t HashStack(SiteKind kind, std::span<const Frame> frames, bool truncated) {
  uint64_t h = (frames.size() << 2) | (uint64_t{truncated} << 1) | static_cast<uint64_t>(kind);
  for (const Frame frame : frames) {
    // Each frame is mixed by a multiplication before it meets the rest: order and every bit count (pitfall X16).
    h = std::rotl(h, 23) ^ (frame * 0x9e37'79b9'7f4a'7c15ULL);
    h *= 0xff51'afd7'ed55'8ccdULL;
  }
  h ^= h >> 32;
  h *= 0xc4ce'b9fe'1a85'ec53ULL;
  return h ^ (h >> 29);
}

uint8_t FlagsOf(bool truncated) { return truncated ? kStackTruncated : 0; }

}  // namespace

void StackDepot::Bind(const ImageView& image) {
  image_ = image;
  if (image.header().depot_used_bytes.load() != 0) return;
  // Offset 0 must name nothing: a record without frames that a walker steps over.
  if (StackRecord* const nothing = Claim(sizeof(StackRecord))) nothing->ready.store(1, std::memory_order_release);
}

const StackRecord& StackDepot::record(SiteId id) const {
  return *reinterpret_cast<const StackRecord*>(image_.region<char>(kRegionDepotArena) + uint64_t{id} * 8);
}

bool StackDepot::Matches(SiteId id, uint64_t hash, SiteKind kind, std::span<const Frame> frames, bool truncated) const {
  const StackRecord& found = record(id);
  if (found.hash != hash || found.frame_count != frames.size() || found.kind != static_cast<uint8_t>(kind) ||
      found.flags != FlagsOf(truncated)) {
    return false;
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    if (found.frames[i] != frames[i]) return false;
  }
  return true;
}

StackRecord* StackDepot::Claim(uint32_t bytes) {
  std::atomic<uint64_t>& cursor = image_.header().depot_used_bytes;
  uint64_t at = cursor.load(std::memory_order_acquire);
  for (;;) {
    if (!image_.Ensure(kRegionDepotArena, at + bytes)) return nullptr;
    auto* const record = reinterpret_cast<StackRecord*>(image_.region<char>(kRegionDepotArena) + at);
    uint32_t claimed = 0;
    const bool mine = record->record_bytes.compare_exchange_strong(claimed, bytes, std::memory_order_acq_rel);
    const uint64_t next = at + (mine ? bytes : claimed);
    if (cursor.compare_exchange_strong(at, next, std::memory_order_acq_rel)) at = next;
    if (mine) return record;
  }
}

SiteId StackDepot::Append(uint64_t hash, SiteKind kind, std::span<const Frame> frames, bool truncated) {
  StackRecord* const record = Claim(static_cast<uint32_t>(sizeof(StackRecord) + frames.size_bytes()));
  if (record == nullptr) return 0;
  record->kind = static_cast<uint8_t>(kind);
  record->flags = FlagsOf(truncated);
  record->hash = hash;
  record->frame_count = static_cast<uint32_t>(frames.size());
  for (size_t i = 0; i < frames.size(); ++i) record->frames[i] = frames[i];
  record->ready.store(1, std::memory_order_release);
  const auto offset = reinterpret_cast<char*>(record) - image_.region<char>(kRegionDepotArena);
  return static_cast<SiteId>(offset / 8);
}

SiteId StackDepot::Intern(SiteKind kind, std::span<const Frame> frames, bool truncated) {
  const uint64_t hash = HashStack(kind, frames, truncated);
  auto* const index = image_.region<std::atomic<SiteId>>(kRegionDepotIndex);
  const uint64_t mask = image_.entries(kRegionDepotIndex) - 1;
  SiteId mine = 0;
  for (uint32_t probe = 0; probe < kMaxProbes; ++probe) {
    std::atomic<SiteId>& slot = index[(hash + probe) & mask];
    SiteId found = slot.load(std::memory_order_acquire);
    if (found == 0) {
      if (mine == 0) mine = Append(hash, kind, frames, truncated);
      if (mine == 0) break;
      if (slot.compare_exchange_strong(found, mine, std::memory_order_acq_rel, std::memory_order_acquire)) return mine;
    }
    if (Matches(found, hash, kind, frames, truncated)) return found;
  }
  image_.Count(kLostUnwind);
  return 0;
}

}  // namespace leaktrack::track

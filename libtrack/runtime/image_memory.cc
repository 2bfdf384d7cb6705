// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/image_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/sparse_memory.h"
#include "libtrack/runtime/drainer.h"

namespace leaktrack::track {

constinit RecorderFile g_image_file{};

namespace {

// One for each region of the image in use.
struct RegionState {
  std::atomic<uint64_t> offset;        // as in the header, which may not exist yet
  std::atomic<uint64_t> mapped_bytes;  // at least the committed bytes
  std::atomic<bool> refused;           // hooks do not ask again
};
constinit RegionState g_regions[capture::kRegionCount]{};
constinit uint64_t g_header_bytes = 0;

uint64_t RoundUp(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

void Raise(std::atomic<uint64_t>& mark, uint64_t to) {
  uint64_t seen = mark.load(std::memory_order_acquire);
  while (seen < to && !mark.compare_exchange_weak(seen, to, std::memory_order_acq_rel)) {
  }
}

uint64_t TotalCommitted(const capture::RecorderHeader& header) {
  uint64_t total = 0;
  for (const capture::Region& region : header.regions)
    total += region.committed_bytes.load(std::memory_order_relaxed);
  return total;
}

// Several threads may do this at once.
bool MapUpTo(const RecorderFile& file, capture::RegionId id, uint64_t bytes) {
  std::atomic<uint64_t>& mapped_bytes = g_regions[id].mapped_bytes;
  const uint64_t offset = ImageHeader()->regions[id].offset;
  const uint64_t mapped = mapped_bytes.load(std::memory_order_acquire);
  if (bytes <= mapped) return true;
  g_regions[id].offset.store(offset, std::memory_order_relaxed);
  const bool done = mapped == 0 ? MapRange(file, offset, offset + bytes)
                                : ExtendRange(file, offset + mapped, offset + bytes);
  if (done) Raise(mapped_bytes, bytes);
  return done;
}

bool Commit(const RecorderFile& file, capture::RegionId id, uint64_t bytes) {
  const auto& header = *reinterpret_cast<const capture::RecorderHeader*>(file.base);
  capture::Region& region = ImageHeader()->regions[id];
  const uint64_t committed = region.committed_bytes.load(std::memory_order_acquire);
  if (bytes <= committed) return true;
  if (bytes > region.reserved_bytes) return false;
  const uint64_t step = committed == 0 ? kPageBytes : kCommitStepBytes;
  const uint64_t wanted = std::min(RoundUp(bytes, step), region.reserved_bytes);
  if (TotalCommitted(header) + (wanted - committed) > file.budget_bytes) return false;
  // Two threads may do this at once: committing twice is harmless, and the watermark only rises.
  if (!MapUpTo(file, id, wanted) ||
      !CommitRange(file, region.offset + committed, region.offset + wanted)) {
    return bytes <= region.committed_bytes.load(std::memory_order_acquire);
  }
  Raise(region.committed_bytes, wanted);
  return true;
}

}  // namespace

void UseImage(const RecorderFile& file, uint64_t header_bytes) {
  LEAKTRACK_DCHECK(header_bytes % kPageBytes == 0);
  g_image_file = file;
  g_header_bytes = header_bytes;
  for (RegionState& region : g_regions) {
    region.mapped_bytes.store(0, std::memory_order_relaxed);
    region.refused.store(false, std::memory_order_relaxed);
  }
}

bool CommitRegion(capture::RegionId id, uint64_t bytes) {
  LEAKTRACK_DCHECK(ImageHeader() != nullptr);
  if (g_regions[id].refused.load(std::memory_order_relaxed)) {
    return bytes <= ImageHeader()->regions[id].committed_bytes.load(std::memory_order_acquire);
  }
  const bool committed = Commit(g_image_file, id, bytes);
  if (!committed) g_regions[id].refused.store(true, std::memory_order_relaxed);
  return committed;
}

MappedImage WhatIsMapped() {
  MappedImage image{.file = g_image_file, .header_bytes = g_header_bytes};
  for (uint32_t i = 0; i < capture::kRegionCount; ++i) {
    const RegionState& region = g_regions[i];
    image.pieces[i] = {region.offset.load(std::memory_order_relaxed),
                       region.mapped_bytes.load(std::memory_order_acquire)};
  }
  return image;
}

void Unmap(const MappedImage& image) {
  if (!image.file.sparse) {
    raw::Munmap(image.file.base, image.file.bytes);
    return;
  }
  raw::Munmap(image.file.base, image.header_bytes);
  for (const auto& piece : image.pieces) {
    if (piece.bytes != 0) raw::Munmap(image.file.base + piece.offset, piece.bytes);
  }
}

// Copies only what is committed: reading the rest would be a SIGBUS on a full tmpfs.
void MakeImagePrivate() {
  const RecorderFile& file = g_image_file;
  if (file.base == nullptr || !file.shared || raw::Forbidden()) return;
  const MappedImage mapped = WhatIsMapped();
  uint64_t bytes = mapped.header_bytes;
  for (const auto& piece : mapped.pieces) bytes += piece.bytes;
  char* const copy = static_cast<char*>(MapPrivate(bytes));
  if (copy == nullptr) return;
  std::memcpy(copy, file.base, mapped.header_bytes);
  char* to = copy + mapped.header_bytes;
  for (uint32_t i = 0; i < capture::kRegionCount; ++i) {
    const uint64_t committed =
        ImageHeader()->regions[i].committed_bytes.load(std::memory_order_acquire);
    std::memcpy(to, file.base + mapped.pieces[i].offset,
                std::min(committed, mapped.pieces[i].bytes));
    to += mapped.pieces[i].bytes;
  }
  const auto move = [](char* from, uint64_t length, char* place) {
    const auto size = static_cast<long>(length);
    if (size != 0)
      raw::Call(SYS_mremap, raw::Ptr(from), size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
                raw::Ptr(place));
  };
  move(copy, mapped.header_bytes, file.base);
  char* from = copy + mapped.header_bytes;
  for (const auto& piece : mapped.pieces) {
    move(from, piece.bytes, file.base + piece.offset);
    from += piece.bytes;
  }
}

void EmptyImage() {
  if (!g_image_file.shared || raw::Forbidden()) return;
  const MappedImage image = WhatIsMapped();
  // A stack walk may be reading a module.
  const uint64_t modules =
      (uint64_t{ImageHeader()->module_count.load()} + 1) * sizeof(capture::ModuleEntry);
  for (uint32_t i = 0; i < capture::kRegionCount; ++i) {
    const auto& piece = image.pieces[i];
    const uint64_t kept = i == capture::kRegionModules ? RoundUp(modules, kPageBytes) : 0;
    if (kept >= piece.bytes) continue;
    char* const from = image.file.base + piece.offset + kept;
    raw::Call(SYS_madvise, raw::Ptr(from), static_cast<long>(piece.bytes - kept), MADV_REMOVE);
  }
}

void CommitAhead(const RecorderFile& file) {
  LEAKTRACK_DCHECK(ActsForDrainer());
  auto& header = *reinterpret_cast<capture::RecorderHeader*>(file.base);
  const struct {
    capture::RegionId id;
    uint64_t used_bytes;
  } growing[] = {
      {capture::kRegionDepotArena, header.depot_used_bytes.load(std::memory_order_relaxed)},
      {capture::kRegionCells,
       header.cell_count.load(std::memory_order_relaxed) * sizeof(capture::Cell)},
      {capture::kRegionThreads,
       header.thread_count.load(std::memory_order_relaxed) * sizeof(capture::ThreadBlock)},
      {capture::kRegionModules,
       header.module_count.load(std::memory_order_relaxed) * sizeof(capture::ModuleEntry)},
  };
  for (const auto& [id, used_bytes] : growing) {
    const uint64_t wanted =
        std::min<uint64_t>(used_bytes + kCommitStepBytes / 2, header.regions[id].reserved_bytes);
    if (Commit(file, id, wanted)) g_regions[id].refused.store(false, std::memory_order_relaxed);
  }
  // Most programs need no more than the first page.
  RegionState& maps = g_regions[capture::kRegionMaps];
  if (!maps.refused.load(std::memory_order_relaxed)) return;
  const uint64_t used_bytes =
      header.map_count.load(std::memory_order_relaxed) * sizeof(capture::MapEntry);
  const uint64_t wanted =
      std::min<uint64_t>(used_bytes + 1, header.regions[capture::kRegionMaps].reserved_bytes);
  if (Commit(file, capture::kRegionMaps, wanted))
    maps.refused.store(false, std::memory_order_relaxed);
}

}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/image_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {

constinit RecorderFile g_image_file{};

namespace {

uint64_t RoundUp(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

uint64_t TotalCommitted(const capture::RecorderHeader& header) {
  uint64_t total = 0;
  for (const capture::Region& region : header.regions) total += region.committed_bytes.load(std::memory_order_relaxed);
  return total;
}

bool Commit(const RecorderFile& file, capture::Region& region, uint64_t bytes) {
  uint64_t committed = region.committed_bytes.load(std::memory_order_acquire);
  if (bytes <= committed) return true;
  if (bytes > region.reserved_bytes) return false;
  const uint64_t wanted = std::min(RoundUp(bytes, kCommitStepBytes), region.reserved_bytes);
  const auto& header = *reinterpret_cast<const capture::RecorderHeader*>(file.base);
  if (TotalCommitted(header) + (wanted - committed) > file.budget_bytes) return false;
  // Two threads may do this at once: committing twice is harmless, and the watermark only rises.
  if (!CommitRange(file, region.offset + committed, region.offset + wanted)) return false;
  while (committed < wanted && !region.committed_bytes.compare_exchange_weak(committed, wanted)) {
  }
  return true;
}

}  // namespace

bool CommitRegion(capture::RegionId id, uint64_t bytes) {
  return Commit(g_image_file, ImageHeader()->regions[id], bytes);
}

void MakeImagePrivate() {
  const RecorderFile& file = g_image_file;
  if (file.base == nullptr || !file.shared || raw::Forbidden()) return;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const copy = raw::Mmap(nullptr, file.bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (raw::MmapFailed(copy)) return;
  auto* const to = static_cast<char*>(copy);
  uint64_t header_bytes = file.bytes;
  for (const capture::Region& region : ImageHeader()->regions) {
    if (region.reserved_bytes == 0) continue;
    header_bytes = std::min<uint64_t>(header_bytes, region.offset);
    // Only what is committed: the rest would be SIGBUS on a full tmpfs.
    std::memcpy(to + region.offset, file.base + region.offset, region.committed_bytes.load(std::memory_order_acquire));
  }
  std::memcpy(to, file.base, header_bytes);
  const auto bytes = static_cast<long>(file.bytes);
  raw::Call(SYS_mremap, raw::Ptr(copy), bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, raw::Ptr(file.base));
}

void CommitAhead(const RecorderFile& file) {
  auto& header = *reinterpret_cast<capture::RecorderHeader*>(file.base);
  const struct {
    capture::RegionId id;
    uint64_t used_bytes;
  } growing[] = {
      {capture::kRegionDepotArena, header.depot_used_bytes.load(std::memory_order_relaxed)},
      {capture::kRegionCells, header.cell_count.load(std::memory_order_relaxed) * sizeof(capture::Cell)},
      {capture::kRegionThreads, header.thread_count.load(std::memory_order_relaxed) * sizeof(capture::ThreadBlock)},
      {capture::kRegionModules, header.module_count.load(std::memory_order_relaxed) * sizeof(capture::ModuleEntry)},
  };
  for (const auto& [id, used_bytes] : growing) {
    capture::Region& region = header.regions[id];
    Commit(file, region, std::min(used_bytes + kCommitStepBytes / 2, region.reserved_bytes));
  }
}

}  // namespace leaktrack::track

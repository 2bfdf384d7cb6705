// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/tracked_blocks.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/recorder_image.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::witness {
namespace {

constexpr uint64_t kHighestAddress = uint64_t{1} << 47;
constexpr char kRecorderPrefix[] = "/dev/shm/leaktrack.";

// Whoever maps a recorder has it in use; a fork child without a run of its own maps its parent's.
std::set<std::string> RecorderPaths(const Memory& memory) {
  std::set<std::string> paths;
  for (const Mapping& mapping : memory.maps()) {
    if (mapping.shared && mapping.path.starts_with(kRecorderPrefix)) paths.insert(mapping.path);
  }
  return paths;
}

bool Load(capture::RecorderImage& image, const Memory& memory, pid_t pid, uint64_t run_id,
          std::string& why) {
  why = "it has no flight recorder in /dev/shm";
  for (const std::string& path : RecorderPaths(memory)) {
    // A container has a /dev/shm of its own.
    for (const std::string& name : {path, absl::StrCat("/proc/", pid, "/root", path)}) {
      if (image.Load(name, &why) && (run_id == 0 || image.header()->run_id == run_id)) return true;
    }
  }
  return false;
}

std::set<uint32_t> ImmortalSites(const capture::RecorderView& view) {
  std::set<uint32_t> sites;
  uint64_t cursor = capture::kDepotFirstOffset;
  capture::StackCopy stack;
  for (capture::WalkStep step;
       (step = view.NextStack(&cursor, &stack)) != capture::WalkStep::kEnd;) {
    if (step == capture::WalkStep::kStack &&
        stack.kind == static_cast<uint8_t>(capture::SiteKind::kImmortal))
      sites.insert(stack.site);
  }
  return sites;
}

TrackedBlock BlockFrom(const capture::LiveCopy& entry) {
  TrackedBlock block{entry.address, entry.size, entry.site, 1, static_cast<double>(entry.size)};
  if (entry.interval_bytes > 1 && entry.size > 0) {
    const double seen =
        -std::expm1(-static_cast<double>(entry.size) / static_cast<double>(entry.interval_bytes));
    block.objects = 1 / seen;
    block.bytes = static_cast<double>(entry.size) / seen;
  }
  return block;
}

void TakeBlocks(const capture::RecorderView& view, TrackedBlocks& tracked) {
  const std::set<uint32_t> immortal = ImmortalSites(view);
  capture::LiveCopy entry;
  for (uint32_t segment = 0; segment < capture::kMaxLiveSegments; ++segment) {
    const capture::LiveSlots slots = view.Slots(segment);
    for (uint64_t i = 0; i < slots.count; ++i) {
      // Keys of pools' objects are no addresses.
      if (!view.CopyLive(slots, i, &entry) || entry.address >= kHighestAddress) continue;
      if (immortal.contains(entry.site))
        tracked.excused.push_back(entry.address);
      else
        tracked.blocks.push_back(BlockFrom(entry));
    }
  }
  std::sort(tracked.blocks.begin(), tracked.blocks.end(),
            [](const TrackedBlock& a, const TrackedBlock& b) { return a.address < b.address; });
}

}  // namespace

absl::StatusOr<TrackedBlocks> ReadTrackedBlocks(const Memory& memory, pid_t pid, uint64_t run_id) {
  capture::RecorderImage image;
  std::string why;
  if (!Load(image, memory, pid, run_id, why)) return absl::NotFoundError(why);
  const capture::RecorderHeader& header = *image.header();
  TrackedBlocks tracked;
  tracked.run_id = header.run_id;
  tracked.exact = header.configured_interval == 1 && header.exact_limit_hit_ms.load() == 0;
  tracked.seconds = static_cast<double>(header.tick_ms.load()) / 1e3;
  TakeBlocks(image.view(), tracked);
  return tracked;
}

}  // namespace leaktrack::witness

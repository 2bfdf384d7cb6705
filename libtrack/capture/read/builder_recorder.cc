// SPDX-License-Identifier: Apache-2.0
//
// CaptureBuilder::TakeRecorder: the last moments, from the flight recorder.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "libtrack/capture/read/capture_builder.h"

namespace leaktrack::capture {
namespace {

ModuleInfo ModuleFrom(uint32_t number, const ModuleEntry& entry) {
  constexpr char kDigits[] = "0123456789abcdef";
  ModuleInfo module;
  module.number = number;
  module.start = entry.start;
  module.end = entry.end;
  module.bias = entry.bias;
  module.loaded_ms = entry.loaded_ms;
  module.unloaded_ms = entry.unloaded_ms.load(std::memory_order_relaxed);
  module.device = entry.device;
  module.inode = entry.inode;
  module.path.assign(entry.path, strnlen(entry.path, sizeof(entry.path)));
  for (size_t i = 0; i < entry.build_id_size && i < sizeof(entry.build_id); ++i) {
    module.build_id += kDigits[entry.build_id[i] >> 4];
    module.build_id += kDigits[entry.build_id[i] & 15];
  }
  return module;
}

Survivor SurvivorFrom(const LiveCopy& entry) {
  return {entry.site,  entry.size, entry.interval_bytes, entry.birth_ms, entry.first_birth_ms,
          entry.chain, 1};
}

}  // namespace

void CaptureBuilder::TakeRecorder(const RecorderView& view) {
  const RecorderHeader& header = *view.header();
  const uint64_t now_ms = std::max(header.tick_ms.load(), header.end_ms.load());
  TakeRecorderDictionary(view);
  std::vector<CellOwnSums> own(view.cell_count());
  SharedCounters counters;
  view.SumOwnCells(own.data(), static_cast<uint32_t>(own.size()), &counters);
  for (uint32_t i = 0; i < own.size(); ++i) {
    CellCopy cell;
    if (!view.CopyCell(i, &cell)) continue;
    Add(own[i], &cell);
    const CellPoint point{now_ms,     cell.samples,       cell.objects,
                          cell.bytes, cell.bytes_squared, cell.variance};
    const auto good = [](double value) { return std::isfinite(value) && value >= 0; };
    if (point.samples == 0) continue;
    if (!good(point.objects) || !good(point.bytes) || !good(point.bytes_squared) ||
        !good(point.variance)) {
      ++bad_cells_;
      continue;
    }
    // If nothing has changed since the file's last point, another point adds nothing.
    std::vector<CellPoint>& points = cells_[cell.key];
    const auto said = [&cell](const CellPoint& p) { return p.samples == cell.samples; };
    if (std::none_of(points.begin(), points.end(), said)) points.push_back(point);
  }
  TakeRecorderNotes(view);
  TakeRecorderLive(view);
  TakeRecorderKept(view);
  TakeRecorderStatus(view, counters, now_ms);
}

void CaptureBuilder::TakeRecorderDictionary(const RecorderView& view) {
  uint64_t cursor = kDepotFirstOffset;
  StackCopy stack;
  for (WalkStep step; (step = view.NextStack(&cursor, &stack)) != WalkStep::kEnd;) {
    if (step == WalkStep::kNotReady) continue;
    StackInfo info;
    info.id = stack.site;
    info.kind = static_cast<SiteKind>(stack.kind);
    info.truncated = (stack.flags & kStackTruncated) != 0;
    info.frames.assign(stack.frames, stack.frames + stack.frame_count);
    SettleKind(&info);
    stacks_.try_emplace(stack.site, std::move(info));
  }
  for (uint32_t number = 1; number <= view.module_count(); ++number) {
    const ModuleEntry* entry = view.Module(number);
    if (entry != nullptr) modules_[number] = ModuleFrom(number, *entry);
  }
  std::vector<std::pair<std::string, HookState>> hooks;
  for (const HookName& hook : view.header()->hooks) {
    if (hook.used == 0) continue;
    hooks.emplace_back(std::string(hook.name, strnlen(hook.name, sizeof(hook.name))),
                       static_cast<HookState>(hook.state.load(std::memory_order_relaxed)));
  }
  if (!hooks.empty()) hooks_ = std::move(hooks);
}

void CaptureBuilder::TakeRecorderLive(const RecorderView& view) {
  survivors_.clear();
  LiveCopy entry;
  for (uint32_t s = 0; s < kMaxLiveSegments; ++s) {
    const LiveSlots slots = view.Slots(s);
    for (uint64_t i = 0; i < slots.count; ++i) {
      if (view.CopyLive(slots, i, &entry))
        survivors_.emplace_hint(survivors_.end(), entry.slot, SurvivorFrom(entry));
    }
  }
  for (uint32_t i = 0; i < view.map_count(); ++i) {
    if (view.CopyMap(i, &entry)) survivors_[entry.slot] = SurvivorFrom(entry);
  }
}

void CaptureBuilder::TakeRecorderKept(const RecorderView& view) {
  std::unordered_map<uint32_t, uint64_t> in_file;
  for (const KeptGroup& group : kept_)
    in_file[group.ring] = std::max(in_file[group.ring], group.end);
  for (uint32_t ring = 0; ring < view.thread_count(); ++ring) {
    const ThreadBlock& block = *view.Thread(ring);
    const uint64_t written = block.written.load(std::memory_order_acquire);
    uint64_t first = std::max(block.consumed.load(std::memory_order_relaxed), in_file[ring]);
    if (written > kRingEvents) first = std::max(first, written - kRingEvents);
    KeptGroup group{ring, first, first, {}};
    for (KeptCopy event; group.end < written && view.CopyKept(block, group.end, &event);
         ++group.end) {
      if (event.site == 0 || event.interval_bytes == 0) continue;
      group.deaths.emplace_back(
          event.position, KeptDeath{event.site, event.size, event.interval_bytes, event.birth_ms,
                                    event.death_ms, event.chain, 1});
    }
    if (!group.deaths.empty()) kept_.push_back(std::move(group));
  }
}

void CaptureBuilder::TakeRecorderStatus(const RecorderView& view, const SharedCounters& counters,
                                        uint64_t now_ms) {
  const RecorderHeader& header = *view.header();
  last_.known = true;
  last_.now_ms = std::max(last_.now_ms, now_ms);
  last_.state = header.state.load();
  last_.end_ms = header.end_ms.load();
  last_.interval_now = header.interval_bytes_now.load();
  last_.interval_min = header.interval_bytes_min.load();
  last_.interval_max = header.interval_bytes_max.load();
  last_.samples = counters.samples;
  last_.thinned = header.thinned_total.load();
  last_.live = counters.live;
  last_.exact_limit_hit_ms = header.exact_limit_hit_ms.load();
  for (uint32_t i = 0; i < kLossCount; ++i) last_.losses[i] = header.losses[i].load();
  last_.allocator.assign(header.allocator, strnlen(header.allocator, sizeof(header.allocator)));
  if (const uint64_t units = header.work_units.load(); units != 0) {
    memory_[now_ms].time_ms = now_ms;
    memory_[now_ms].work_units = static_cast<int64_t>(units);
  }
}

}  // namespace leaktrack::capture

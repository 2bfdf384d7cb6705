// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/capture_builder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

namespace leaktrack::capture {
namespace {

// Probabilities of kept deaths are in units of 2^-32.
constexpr double kCertain = 4294967296.0;
constexpr double kObjectScale = 16;

std::string Hex(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

std::vector<float> Floats(ByteSource* source, uint32_t count) {
  std::vector<uint32_t> bits(count);
  for (uint32_t plane = 0; plane < 4; ++plane) {
    for (uint32_t& word : bits) word |= uint32_t{source->Byte()} << (8 * plane);
  }
  std::vector<float> values(count);
  for (uint32_t i = 0; i < count; ++i) values[i] = std::bit_cast<float>(bits[i]);
  return values;
}

// 1 of 2^shift; mappings are never left out.
double Share(uint64_t slot, uint64_t shift) {
  return slot < kMappingSlots ? std::ldexp(1.0, -static_cast<int>(shift & 63)) : 1;
}

int64_t* MemoryField(MemorySample* sample, uint32_t index) {
  int64_t* const fields[] = {&sample->rss,
                             &sample->anonymous,
                             &sample->file,
                             &sample->shared,
                             &sample->swap,
                             &sample->stack,
                             &sample->cgroup_current,
                             &sample->cgroup_max,
                             &sample->rlimit_as,
                             &sample->machine_total,
                             &sample->machine_available,
                             &sample->oom_kills,
                             &sample->psi_some_total_us,
                             &sample->allocator_in_use,
                             &sample->allocator_free,
                             &sample->allocator_mapped,
                             &sample->allocator_arenas,
                             &sample->allocator_read_ms,
                             &sample->work_units,
                             &sample->threads,
                             &sample->address_space,
                             &sample->cgroup_reclaimable};
  static_assert(std::size(fields) == kMemoryFields);
  return fields[index];
}

bool Sane(const CellPoint& point) {
  const auto good = [](double value) { return std::isfinite(value) && value >= 0; };
  return good(point.objects) && good(point.bytes) && good(point.bytes_squared) &&
         good(point.variance);
}

}  // namespace

bool CaptureBuilder::Take(const Record& record) {
  const ByteSource source(record.payload);
  switch (record.type) {
    case RecordType::kStacks:
      return TakeStacks(source);
    case RecordType::kModules:
      return TakeModules(source);
    case RecordType::kHooks:
      return TakeHooks(source);
    case RecordType::kCells:
      return TakeCells(source);
    case RecordType::kSurvivorSet:
      return TakeSurvivors(source, true);
    case RecordType::kSurvivorChange:
      return TakeSurvivors(source, false);
    case RecordType::kKeptDeaths:
      return TakeKept(source);
    case RecordType::kStatus:
      return TakeStatus(source, record.epoch);
    case RecordType::kNotes:
      return TakeNotes(source);
  }
  return true;  // a type of a newer minor version
}

bool CaptureBuilder::TakeStacks(ByteSource source) {
  SiteId site = 0;
  while (source.left() > 0 && !source.overrun()) {
    StackInfo stack;
    site += static_cast<SiteId>(source.Varint());
    stack.id = site;
    stack.kind = static_cast<SiteKind>(source.Byte());
    stack.truncated = (source.Byte() & kStackTruncated) != 0;
    stack.frames.resize(source.Count());
    uint64_t address = 0;
    for (Frame& frame : stack.frames) {
      const uint32_t module = static_cast<uint32_t>(source.Varint());
      address += static_cast<uint64_t>(source.Signed());
      frame = MakeFrame(module & 0xffff, address);
    }
    SettleKind(&stack);
    if (!source.overrun() && site != 0) stacks_[site] = std::move(stack);
  }
  return !source.overrun();
}

bool CaptureBuilder::TakeModules(ByteSource source) {
  while (source.left() > 0 && !source.overrun()) {
    ModuleInfo module;
    module.number = static_cast<uint32_t>(source.Varint());
    module.start = source.Varint();
    module.end = source.Varint();
    module.bias = source.Varint();
    module.loaded_ms = source.Varint();
    module.unloaded_ms = source.Varint();
    module.device = source.Varint();
    module.inode = source.Varint();
    module.build_id = Hex(source.String());
    module.path = source.String();
    if (!source.overrun()) modules_[module.number] = std::move(module);
  }
  return !source.overrun();
}

bool CaptureBuilder::TakeHooks(ByteSource source) {
  std::vector<std::pair<std::string, HookState>> hooks;
  while (source.left() > 0 && !source.overrun()) {
    std::string name = source.String();
    hooks.emplace_back(std::move(name), static_cast<HookState>(source.Byte()));
  }
  if (!source.overrun()) hooks_ = std::move(hooks);
  return !source.overrun();
}

bool CaptureBuilder::TakeCells(ByteSource source) {
  const uint64_t time_ms = source.Varint();
  const bool has_memory = source.Byte() != 0;
  if (has_memory) {
    MemorySample sample;
    sample.time_ms = time_ms;
    for (uint32_t i = 0; i < kFirstMemoryFields; ++i)
      *MemoryField(&sample, i) = static_cast<int64_t>(source.Varint() - 1);
    if (!source.overrun()) memory_[time_ms] = sample;
  }
  const uint32_t count = source.Count();
  std::vector<uint64_t> keys(count);
  std::vector<CellPoint> points(count);
  uint64_t site = 0;
  for (uint64_t& key : keys)
    key = (site = (site + static_cast<uint64_t>(source.Signed())) & 0xffff'ffff) << 8;
  for (uint64_t& key : keys) key |= source.Byte();
  for (CellPoint& point : points) point.time_ms = time_ms;
  for (CellPoint& point : points) point.samples = source.Varint();
  for (CellPoint& point : points) {
    const double extra = static_cast<double>(source.Signed());
    point.objects = static_cast<double>(point.samples) + extra / kObjectScale;
  }
  for (CellPoint& point : points) point.bytes = static_cast<double>(source.Varint());
  const std::vector<float> squares = Floats(&source, count), variances = Floats(&source, count);
  if (source.overrun()) return false;  // columns: no row is complete without the last one
  if (has_memory && source.left() > 0) TakeLaterMemoryFields(&source, &memory_[time_ms]);
  for (uint32_t i = 0; i < count; ++i) {
    points[i].bytes_squared = static_cast<double>(squares[i]);
    points[i].variance = static_cast<double>(variances[i]);
    if (Sane(points[i])) {
      cells_[keys[i]].push_back(points[i]);
    } else {
      ++bad_cells_;
    }
  }
  return true;
}

// Reads the memory fields that minor versions after 1.0 have added.
void CaptureBuilder::TakeLaterMemoryFields(ByteSource* source, MemorySample* sample) {
  const uint32_t count = source->Count();
  for (uint32_t i = 0; i < count; ++i) {
    const int64_t value = static_cast<int64_t>(source->Varint() - 1);
    if (i < kMemoryFields - kFirstMemoryFields)
      *MemoryField(sample, kFirstMemoryFields + i) = value;
  }
}

bool CaptureBuilder::TakeSurvivors(ByteSource source, bool full_set) {
  const uint64_t now_ms = source.Varint();
  const uint64_t shift = source.Varint();
  const uint64_t first = source.Varint(), end = source.Varint();
  const uint32_t count = source.Count();
  std::vector<uint64_t> slots(count);
  std::vector<Survivor> rows(count);
  uint64_t slot = 0;
  for (uint64_t& number : slots) number = slot += source.Varint();
  for (Survivor& row : rows) row.site = static_cast<SiteId>(source.Varint());
  const auto column = [&rows](auto take) {
    for (Survivor& row : rows) {
      if (row.site != 0) take(row);
    }
  };
  column([&](Survivor& row) { row.size = source.Varint(); });
  column([&](Survivor& row) { row.interval_bytes = std::max<uint64_t>(1, source.Varint()); });
  column([&](Survivor& row) { row.birth_ms = now_ms - static_cast<uint64_t>(source.Signed()); });
  column([&](Survivor& row) { row.chain = static_cast<uint32_t>(source.Varint()); });
  column([&](Survivor& row) {
    row.first_birth_ms = row.birth_ms - static_cast<uint64_t>(source.Signed());
  });
  for (uint32_t i = 0; i < count; ++i) rows[i].keep_probability = Share(slots[i], shift);
  if (shift != 0 && source.left() > 0) {  // since 1.4
    column([&](Survivor& row) { row.keep_probability = Share(0, source.Byte()); });
  }
  if (source.overrun() || shift >= 64) return false;
  // A record of a full set speaks for its whole range. A slot that it does not name is empty,
  // whatever older records said.
  if (full_set && first < end)
    survivors_.erase(survivors_.lower_bound(first), survivors_.lower_bound(end));
  for (uint32_t i = 0; i < count; ++i) {
    if (rows[i].site != 0) {
      survivors_[slots[i]] = rows[i];
    } else {
      survivors_.erase(slots[i]);
    }
  }
  return true;
}

bool CaptureBuilder::TakeKept(ByteSource source) {
  const uint64_t now_ms = source.Varint();
  const double probability = static_cast<double>(source.Varint()) / kCertain;
  std::vector<KeptGroup> groups(source.Count());
  uint64_t rows = 0;
  for (KeptGroup& group : groups) {
    group.ring = static_cast<uint32_t>(source.Varint());
    group.first = source.Varint();
    group.end = group.first + source.Varint();
    const uint32_t count = source.Count();
    if ((rows += count) > kMaxRawBytes) return false;
    group.deaths.resize(count);
  }
  const auto column = [&groups](auto take) {
    for (KeptGroup& group : groups) {
      for (auto& [position, death] : group.deaths) take(group, position, death);
    }
  };
  column([&](KeptGroup& group, uint64_t& position, KeptDeath&) {
    position = group.first + source.Varint();
  });
  column([&](KeptGroup&, uint64_t, KeptDeath& death) {
    death.site = static_cast<SiteId>(source.Varint());
  });
  column([&](KeptGroup&, uint64_t, KeptDeath& death) { death.size = source.Varint(); });
  column([&](KeptGroup&, uint64_t, KeptDeath& d) {
    d.interval_bytes = std::max<uint64_t>(1, source.Varint());
  });
  column([&](KeptGroup&, uint64_t, KeptDeath& d) {
    d.death_ms = now_ms - static_cast<uint64_t>(source.Signed());
  });
  column([&](KeptGroup&, uint64_t, KeptDeath& d) {
    d.birth_ms = d.death_ms - static_cast<uint64_t>(source.Signed());
  });
  column([&](KeptGroup&, uint64_t, KeptDeath& death) {
    death.chain = static_cast<uint32_t>(source.Varint());
  });
  if (source.overrun() || !(probability > 0 && probability <= 1)) return false;
  column([&](KeptGroup&, uint64_t, KeptDeath& death) { death.keep_probability = probability; });
  for (KeptGroup& group : groups) kept_.push_back(std::move(group));
  return true;
}

bool CaptureBuilder::TakeStatus(ByteSource source, uint32_t epoch) {
  Status status;
  status.known = true;
  status.epoch = epoch;
  status.failed_epochs = source.Varint();
  source.Varint();  // depot cursor: for the folder
  source.Varint();  // module cursor: for the folder
  status.refused = source.Varint();
  status.kept_thinned = source.Varint();
  status.now_ms = source.Varint();
  status.state = source.Varint();
  status.end_ms = source.Varint();
  status.final = source.Varint() != 0;
  for (uint64_t* field :
       {&status.segments, &status.interval_now, &status.interval_min, &status.interval_max,
        &status.samples, &status.thinned, &status.live, &status.exact_limit_hit_ms}) {
    *field = source.Varint();
  }
  const uint32_t losses = source.Count();
  for (uint32_t i = 0; i < losses; ++i) {
    const uint64_t lost = source.Varint();
    if (i < kLossCount) status.losses[i] = lost;
  }
  if (!source.overrun() && source.left() > 0) status.allocator = source.String();  // since 1.1
  if (source.overrun()) return false;
  epochs_.insert(epoch);
  if (!last_.known || epoch >= last_.epoch) last_ = status;
  return true;
}

void CaptureBuilder::FinishCells(Capture* capture) {
  for (auto& [key, points] : cells_) {
    // Points of one moment, from several levels or read a little apart: keep the one that saw more.
    const auto before = [](const CellPoint& a, const CellPoint& b) {
      return a.time_ms != b.time_ms ? a.time_ms < b.time_ms : a.samples < b.samples;
    };
    if (!std::ranges::is_sorted(points, before)) std::ranges::stable_sort(points, before);
    size_t kept = 0;
    for (const CellPoint& point : points) {
      if (kept > 0 && point.samples < points[kept - 1].samples) continue;
      if (kept > 0 && point.time_ms == points[kept - 1].time_ms) --kept;
      points[kept++] = point;
    }
    points.resize(kept);
    points.shrink_to_fit();
    const auto site = static_cast<SiteId>(key >> 8);
    if (site != 0) capture->cells.push_back({site, static_cast<uint8_t>(key), std::move(points)});
  }
  std::sort(capture->cells.begin(), capture->cells.end(),
            [](const CellSeries& a, const CellSeries& b) {
              return a.site != b.site ? a.site < b.site : a.band < b.band;
            });
}

// A record whose write failed half-way was written again in a later epoch, perhaps with another
// thinning. The later record replaces all positions from its first one on.
void CaptureBuilder::FinishKept(Capture* capture) {
  std::unordered_map<uint32_t, uint64_t> spoken_for;
  for (auto group = kept_.rbegin(); group != kept_.rend(); ++group) {
    const auto [limit, is_new] = spoken_for.try_emplace(group->ring, UINT64_MAX);
    for (const auto& [position, death] : group->deaths) {
      if (position < limit->second && death.site != 0) capture->kept_deaths.push_back(death);
    }
    limit->second = std::min(limit->second, group->first);
  }
  std::sort(capture->kept_deaths.begin(), capture->kept_deaths.end(),
            [](const KeptDeath& a, const KeptDeath& b) {
              return std::tie(a.death_ms, a.birth_ms, a.site, a.size) <
                     std::tie(b.death_ms, b.birth_ms, b.site, b.size);
            });
}

void CaptureBuilder::FinishStatus(Capture* capture, DamageList* damage) {
  capture->end_state = last_.state <= static_cast<uint64_t>(RunState::kKilled)
                           ? static_cast<RunState>(last_.state)
                           : RunState::kRunning;
  capture->duration_ms = std::max(last_.now_ms, last_.end_ms);
  capture->interval_now = last_.interval_now;
  capture->interval_min = last_.interval_min;
  capture->interval_max = last_.interval_max;
  capture->samples_total = last_.samples;
  capture->thinned_total = last_.thinned;
  capture->live_count = last_.live;
  capture->exact_limit_hit_ms = last_.exact_limit_hit_ms;
  capture->losses = last_.losses;
  capture->allocator = last_.allocator;
  capture->epochs_lost = last_.failed_epochs;
  if (!epochs_.empty())
    capture->epochs_lost += *epochs_.rbegin() - *epochs_.begin() + uint64_t{1} - epochs_.size();
  if (bad_cells_ != 0) {
    damage->Add(std::to_string(bad_cells_) +
                " counters hold sums that cannot be (negative or not a number): skipped");
  }
  if (last_.refused != 0) {
    damage->Add("the dictionary was full: " + std::to_string(last_.refused) +
                " stacks or modules are not in the file");
  }
}

void CaptureBuilder::Finish(Capture* capture, DamageList* damage) {
  FinishCells(capture);
  FinishKept(capture);
  FinishStatus(capture, damage);
  FinishNotes(capture);
  capture->stacks = std::move(stacks_);
  capture->hooks = std::move(hooks_);
  for (auto& [number, module] : modules_) capture->modules.push_back(std::move(module));
  for (const auto& [time_ms, sample] : memory_) capture->memory.push_back(sample);
  for (const auto& [slot, survivor] : survivors_) capture->survivors.push_back(survivor);
  if (!capture->memory.empty())
    capture->duration_ms = std::max(capture->duration_ms, capture->memory.back().time_ms);
  for (Phase& phase : capture->phases) {
    if (!phase.ended) phase.end_ms = std::max(phase.start_ms, capture->duration_ms);
  }
}

}  // namespace leaktrack::capture

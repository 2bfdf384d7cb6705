// SPDX-License-Identifier: Apache-2.0
#include "tests/support/recorder_builder.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "libtrack/capture/age_band.h"

namespace leaktrack::testing {

using namespace capture;  // NOLINT: a test support file about nothing else

namespace {

constexpr uint64_t kPage = 4096;
uint64_t Pages(uint64_t bytes) { return (bytes + kPage - 1) & ~(kPage - 1); }

void ReadBootId(uint8_t (&id)[16]) {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text, hex;
  file >> text;
  for (const char c : text) {
    if (c != '-') hex += c;
  }
  for (size_t i = 0; i + 1 < hex.size() && i < 32; i += 2) {
    id[i / 2] = static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16));
  }
}

void Raise(std::atomic<double>* sum, double by) { sum->store(sum->load() + by); }

}  // namespace

RecorderBuilder::RecorderBuilder(const RecorderSizes& sizes) : sizes_(sizes) {
  const uint64_t bytes[kRegionCount] = {kPage,
                                        Pages(sizes.arena_bytes),
                                        kPage,
                                        Pages(sizes.cells * sizeof(Cell)),
                                        Pages(sizes.live_slots / 4 * sizeof(LiveBucket)),
                                        Pages(sizes.maps * sizeof(MapEntry)),
                                        Pages(sizes.modules * sizeof(ModuleEntry)),
                                        Pages(sizes.threads * sizeof(ThreadBlock))};
  bytes_ = Pages(sizeof(RecorderHeader));
  for (const uint64_t size : bytes) bytes_ += size;
  image_ = static_cast<uint8_t*>(
      mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  RecorderHeader& h = *header();
  uint64_t offset = Pages(sizeof(RecorderHeader));
  for (uint32_t i = 0; i < kRegionCount; ++i) {
    h.regions[i].offset = offset;
    h.regions[i].reserved_bytes = bytes[i];
    h.regions[i].committed_bytes = bytes[i];
    offset += bytes[i];
  }
  h.magic = kRecorderMagic;
  h.version = kRecorderVersion;
  h.header_bytes = sizeof(RecorderHeader);
  h.image_bytes = bytes_;
  h.state = static_cast<uint32_t>(RunState::kRunning);
  h.run_id = 0x1122'3344'5566'7788;
  ReadBootId(h.boot_id);
  struct stat ns;
  h.pid_namespace = stat("/proc/self/ns/pid", &ns) == 0 ? ns.st_ino : 0;
  h.pid = static_cast<uint32_t>(getpid());
  h.parent_pid = static_cast<uint32_t>(getppid());
  h.start_realtime_ns = 1'700'000'000'000'000'000;
  strcpy(h.host, "testhost");
  strcpy(h.program, "program");
  strcpy(h.command, "program --option 'a b'");
  h.interval_bytes_now = h.interval_bytes_min = h.interval_bytes_max = 1;
  h.depot_used_bytes = kDepotFirstOffset;
  h.live_segments[0].offset = 0;
  h.live_segments[0].bucket_count = sizes.live_slots / 4;
}

RecorderBuilder::~RecorderBuilder() { munmap(image_, bytes_); }

void RecorderBuilder::SetDead() { header()->owner = 0x4000'0000u | 12345u; }

uint32_t RecorderBuilder::AddModule(const std::string& path, const std::string& build_id_bytes) {
  const uint32_t number = header()->module_count + 1;
  if (number >= sizes_.modules) abort();
  auto* entry = At<ModuleEntry>(kRegionModules, number);
  entry->start = 0x5500'0000'0000 + uint64_t{number} * 0x100'0000;
  entry->end = entry->start + 0x10'0000;
  entry->bias = entry->start;
  entry->loaded_ms = 1;
  entry->device = 2049;
  entry->inode = 1000 + number;
  entry->build_id_size = static_cast<uint8_t>(build_id_bytes.size());
  memcpy(entry->build_id, build_id_bytes.data(), build_id_bytes.size());
  strncpy(entry->path, path.c_str(), sizeof(entry->path) - 1);
  entry->ready = 1;
  header()->module_count = number;
  ++header()->module_generation;
  return number;
}

void RecorderBuilder::AddNote(NoteKind kind, const std::string& name, uint64_t start_ms,
                              uint64_t end_ms, uint16_t value) {
  for (NoteEntry& note : header()->notes) {
    if (note.state != kNoteFree) continue;
    note.number = ++header()->note_count;
    note.kind = kind;
    note.value = value;
    note.start_ms = start_ms;
    note.end_ms = end_ms;
    memset(note.name, 0, sizeof(note.name));
    memcpy(note.name, name.data(), std::min(name.size(), sizeof(note.name) - 1));
    note.state = end_ms != 0 ? kNoteEnded : kNoteOpen;
    return;
  }
  abort();
}

SiteId RecorderBuilder::AddStack(const std::vector<Frame>& frames, SiteKind kind, uint8_t flags) {
  const uint64_t at = header()->depot_used_bytes;
  const uint64_t bytes = sizeof(StackRecord) + frames.size() * sizeof(Frame);
  if (at + bytes > sizes_.arena_bytes) abort();
  auto* record = reinterpret_cast<StackRecord*>(At<uint8_t>(kRegionDepotArena, at));
  record->record_bytes = static_cast<uint32_t>(bytes);
  record->kind = static_cast<uint8_t>(kind);
  record->flags = flags;
  record->frame_count = static_cast<uint32_t>(frames.size());
  for (size_t i = 0; i < frames.size(); ++i) record->frames[i] = frames[i];
  record->ready = 1;
  header()->depot_used_bytes = at + bytes;
  return static_cast<SiteId>(at / 8);
}

void RecorderBuilder::Add(SiteId site, uint8_t band, uint64_t size, uint64_t interval,
                          uint64_t count) {
  const uint64_t key = uint64_t{site} << 8 | band;
  const auto [found, is_new] = cell_of_.try_emplace(key, header()->cell_count.load());
  if (found->second >= sizes_.cells) abort();
  auto* cell = At<Cell>(kRegionCells, found->second);
  if (is_new) {
    cell->key = key;
    ++header()->cell_count;
  }
  const double s = static_cast<double>(size);
  const double p = interval <= 1 ? 1 : -std::expm1(-s / static_cast<double>(interval));
  const double n = static_cast<double>(count);
  Raise(&cell->objects, n / p);
  Raise(&cell->bytes, n * s / p);
  Raise(&cell->bytes_squared, n * (s / p) * (s / p));
  Raise(&cell->variance, n * s * s * (1 - p) / (p * p));
  cell->samples += count;
}

Cell* RecorderBuilder::RawCell(uint64_t key) {
  const uint32_t number = header()->cell_count++;
  if (number >= sizes_.cells) abort();
  auto* cell = At<Cell>(kRegionCells, number);
  cell->key = key;
  return cell;
}

void RecorderBuilder::OwnBirth(uint32_t thread, SiteId site, uint64_t size, uint64_t count) {
  const uint64_t key = uint64_t{site} << 8 | kBandBirths;
  Add(site, kBandBirths, size, 1, 0);  // the shared cell comes first
  Cell*& own = own_[{thread, key}];
  if (own == nullptr) own = RawCell((uint64_t{cell_of_[key]} + 1) << kOwnCellShift | key);
  Cell*& counter = own_[{thread, kCounterKey}];
  if (counter == nullptr) counter = RawCell(kCounterKey);
  const double n = static_cast<double>(count), s = static_cast<double>(size);
  Raise(&own->objects, n);
  Raise(&own->bytes, n * s);
  Raise(&own->bytes_squared, n * s * s);
  own->samples += count;
  counter->objects = CounterWord(CounterLive(counter->objects) + static_cast<int64_t>(count));
  counter->samples += count;
}

void RecorderBuilder::Death(SiteId site, uint64_t age_ms, uint64_t size, uint64_t interval,
                            uint64_t count) {
  Add(site, AgeBand(age_ms), size, interval, count);
}

uint64_t RecorderBuilder::IntervalIndex(uint64_t interval) {
  RecorderHeader& h = *header();
  for (uint32_t i = 0; i < h.interval_count; ++i) {
    if (h.interval_bytes[i] == interval) return i;
  }
  if (h.interval_count == kMaxIntervals) abort();
  h.interval_bytes[h.interval_count] = interval;
  return h.interval_count++;
}

void RecorderBuilder::SetLive(uint32_t slot, const LiveBlock& block) {
  if (slot >= sizes_.live_slots) abort();
  auto* bucket = At<LiveBucket>(kRegionLive, slot / 4);
  LiveHot* const hot = &bucket->slots[slot % 4];
  LiveCold* const cold = &bucket->details[slot % 4];
  const bool was_empty = hot->key == kSlotEmpty;
  hot->key = kSlotBusy;
  if (block.site == 0) {
    hot->key = kSlotEmpty;
    if (!was_empty) --header()->live_count;
    return;
  }
  hot->size_interval = block.size << 8 | IntervalIndex(block.interval);
  cold->birth_chain = block.birth_ms << 24 | block.chain;
  cold->site = block.site;
  cold->first_birth_s = block.first_birth_s;
  hot->key = 0x7f00'0000'0000 + uint64_t{slot} * 16;
  if (was_empty) ++header()->live_count;
}

void RecorderBuilder::SetMap(uint32_t index, uint64_t start, uint64_t length, uint64_t birth_ms,
                             SiteId site) {
  if (index >= sizes_.maps) abort();
  auto* entry = At<MapEntry>(kRegionMaps, index);
  const uint64_t mixed = start ^ length ^ birth_ms;
  *entry = {start, length, birth_ms, site,
            static_cast<uint32_t>(mixed) ^ static_cast<uint32_t>(mixed >> 32) ^ site};
  if (header()->map_count <= index) header()->map_count = index + 1;
}

bool RecorderBuilder::PushKept(uint32_t ring, const DeadBlock& block) {
  if (ring >= sizes_.threads) abort();
  auto* thread = At<ThreadBlock>(kRegionThreads, ring);
  if (header()->thread_count <= ring) header()->thread_count = ring + 1;
  thread->thread_number = ring + 1;
  const uint64_t position = thread->written;
  if (position - thread->consumed >= kRingEvents) return false;
  KeptEvent& event = thread->events[position % kRingEvents];
  event.birth_ms = block.birth_ms;
  event.death_ms = block.death_ms;
  event.size_interval = block.size << 8 | IntervalIndex(block.interval);
  event.site = block.site;
  event.chain = block.chain;
  event.kind = static_cast<uint8_t>(KeptKind::kDeath);
  event.sequence = position + 1;
  thread->written = position + 1;
  return true;
}

void RecorderBuilder::AddHook(const std::string& name, HookState state) {
  for (HookName& hook : header()->hooks) {
    if (hook.used != 0) continue;
    strncpy(hook.name, name.c_str(), sizeof(hook.name) - 1);
    hook.state = static_cast<uint8_t>(state);
    hook.used = 1;
    return;
  }
}

void RecorderBuilder::WriteTo(const std::string& path) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(image_), static_cast<std::streamsize>(bytes_));
}

}  // namespace leaktrack::testing

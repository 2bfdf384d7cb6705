// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/modules/module_map.h"

#include <string_view>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/cfi/rule_cache.h"
#include "libtrack/platform/modules/loaded_elf.h"
#include "libtrack/platform/modules/module_index.h"
#include "libtrack/platform/modules/module_pins.h"
#include "libtrack/platform/modules/unknown_pages.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/maps_reader.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {

constinit std::atomic<uint32_t> g_module_map_epoch{0};

namespace {

// Unknown code may ask for one refresh per 100 ms, after a burst of 16, because plugins come in
// groups.
constexpr uint64_t kRefreshIntervalMs = 100;
constexpr uint64_t kRefreshBurstMs = 16 * kRefreshIntervalMs;
constexpr uint32_t kMaxStartupModules = 512;
constexpr int kMaxLockYields = 2000;

constinit ModuleTable g_table{};
constinit ModuleIndex g_index{};
constinit UnknownPages g_unknown_pages{};
constinit std::atomic<uint64_t> g_next_refresh_ms{0};  // on the coarse monotonic clock

// Guarded by g_refreshing.
constinit std::atomic<bool> g_refreshing{false};
uint32_t g_refresh_serial;
char g_maps_buffer[16 * 1024];
// Survives a fork, so that the child knows them too.
ModuleIndex::Identity g_startup[kMaxStartupModules];
uint32_t g_startup_count;
bool g_startup_known;

class RefreshLock {
 public:
  RefreshLock() : held_(!g_refreshing.exchange(true, std::memory_order_acquire)) {}
  ~RefreshLock() {
    if (held_) g_refreshing.store(false, std::memory_order_release);
  }
  bool held() const { return held_; }

 private:
  const bool held_;
};

uint64_t CoarseMs() { return static_cast<uint64_t>(MonotonicCoarseNs()) / 1'000'000; }

uint64_t TickMs() {
  return g_table.tick_ms == nullptr ? 0 : g_table.tick_ms->load(std::memory_order_relaxed);
}

bool IsFromStartup(const ModuleIndex::Identity& identity) {
  if (!g_startup_known) {
    if (g_startup_count == kMaxStartupModules) return false;
    g_startup[g_startup_count++] = identity;
    return true;
  }
  for (uint32_t i = 0; i < g_startup_count; ++i) {
    if (g_startup[i] == identity) return true;
  }
  return false;
}

void CopyPath(std::string_view path, capture::ModuleEntry& entry) {
  constexpr size_t kRoom = sizeof(entry.path) - 1;
  constexpr std::string_view kCut = "...";
  size_t at = 0;
  if (path.size() > kRoom) {
    for (const char c : kCut) entry.path[at++] = c;
    path.remove_prefix(path.size() - (kRoom - kCut.size()));
  }
  for (const char c : path) entry.path[at++] = c;
  entry.path[at] = '\0';
}

// Collects the results of one pass over /proc/self/maps.
class Refresh {
 public:
  explicit Refresh(uint64_t now_ms) : now_ms_(now_ms), serial_(++g_refresh_serial) {}

  bool Run();
  bool changed() const { return loaded_ || unloaded_; }

 private:
  void OnLine(const MapsLine& line);
  void OnExecutable(const MapsLine& line);
  bool InsideCandidate(const MapsLine& line) const;
  uint32_t FindKnown(const ModuleIndex::Identity& identity, bool loaded) const;
  void Append(const LoadedElf& image, std::string_view path);
  void MarkGone();

  const uint64_t now_ms_;
  const uint32_t serial_;
  ModuleIndex::Identity candidate_{};  // the last mapping of a file's first byte; base 0: none
  bool candidate_done_ = false;
  uintptr_t candidate_end_ = 0;  // valid once done
  bool loaded_ = false;
  bool unloaded_ = false;
};

uint32_t Refresh::FindKnown(const ModuleIndex::Identity& identity, bool loaded) const {
  for (uint32_t number = g_index.count(); number > 0; --number) {
    if (g_index.facts(number).identity == identity && g_index.Loaded(number) == loaded)
      return number;
  }
  return 0;
}

bool SameBuild(const capture::ModuleEntry& entry, const LoadedElf& image) {
  return entry.build_id_size == image.build_id_size && entry.end == image.end &&
         entry.bias == image.bias &&
         __builtin_memcmp(entry.build_id, image.build_id, image.build_id_size) == 0;
}

void Refresh::Append(const LoadedElf& image, std::string_view path) {
  const uint32_t number = g_index.count() + 1;
  const uint64_t bytes = (uint64_t{number} + 1) * sizeof(capture::ModuleEntry);
  const bool room = number < g_table.capacity && number < ModuleIndex::kMaxModules;
  if (!room || (g_table.commit != nullptr && !g_table.commit(bytes))) {
    g_table.lost->fetch_add(1, std::memory_order_relaxed);
    return;
  }
  capture::ModuleEntry& entry = g_table.entries[number];
  entry.start = image.start;
  entry.end = image.end;
  entry.bias = image.bias;
  entry.loaded_ms = now_ms_;
  entry.unloaded_ms.store(0, std::memory_order_relaxed);
  entry.device = candidate_.device;
  entry.inode = candidate_.inode;
  entry.generation = g_table.generation->load(std::memory_order_relaxed) + 1;
  entry.build_id_size = image.build_id_size;
  __builtin_memcpy(entry.build_id, image.build_id, sizeof(entry.build_id));
  CopyPath(path, entry);
  entry.ready.store(1, std::memory_order_release);
  g_table.count->store(number, std::memory_order_release);
  g_index.Publish(number, image, candidate_);
  g_index.facts(number).from_startup = IsFromStartup(candidate_);
  g_index.facts(number).seen = serial_;
  loaded_ = true;
}

// True for a mapping of a file that the candidate's own program headers claim. Some linkers put
// several segments into the file's first page, so "offset 0" alone does not start a module.
bool Refresh::InsideCandidate(const MapsLine& line) const {
  if (candidate_.base == 0 || line.device != candidate_.device || line.inode != candidate_.inode)
    return false;
  if (candidate_done_) return line.start < candidate_end_;
  LoadedElf image;
  return ReadLoadedElf(candidate_.base, image) && line.start < image.end;
}

void Refresh::OnExecutable(const MapsLine& line) {
  candidate_done_ = true;
  candidate_end_ = line.end;
  if (const uint32_t number = FindKnown(candidate_, true); number != 0) {
    g_index.facts(number).seen = serial_;
    candidate_end_ = g_index.facts(number).end;
    return;
  }
  LoadedElf image;
  if (!ReadLoadedElf(candidate_.base, image) || line.start >= image.end) return;
  candidate_end_ = image.end;
  const uint32_t number = FindKnown(candidate_, false);
  if (number != 0 && SameBuild(g_table.entries[number], image)) {
    g_table.entries[number].unloaded_ms.store(0, std::memory_order_relaxed);
    g_index.facts(number).seen = serial_;
    g_index.SetLoaded(number, true);
    loaded_ = true;
    return;
  }
  Append(image, line.path);
}

void Refresh::OnLine(const MapsLine& line) {
  const bool vdso = line.path == "[vdso]";
  if (line.inode == 0 && !vdso) return;
  if (line.offset == 0 && line.readable && !InsideCandidate(line)) {
    candidate_ = {.base = line.start, .device = line.device, .inode = line.inode};
    candidate_done_ = false;
  }
  const bool of_candidate =
      candidate_.base != 0 && line.device == candidate_.device && line.inode == candidate_.inode;
  if (line.executable && of_candidate && !candidate_done_) OnExecutable(line);
}

void Refresh::MarkGone() {
  for (uint32_t number = 1; number <= g_index.count(); ++number) {
    if (!g_index.Loaded(number) || g_index.facts(number).seen == serial_) continue;
    g_index.SetLoaded(number, false);
    g_table.entries[number].unloaded_ms.store(now_ms_ == 0 ? 1 : now_ms_,
                                              std::memory_order_relaxed);
    unloaded_ = true;
  }
}

bool Refresh::Run() {
  MapsReader reader(g_maps_buffer);
  if (!reader.ok()) return false;
  MapsLine line;
  while (reader.Next(line)) OnLine(line);
  // The map is incomplete: a module that was not seen may still be there.
  if (!reader.ok()) return false;
  MarkGone();
  return true;
}

// True for rules of modules that have gone, and of addresses that were in no module: a module may
// contain them now.
bool IsStale(capture::Frame frame) {
  const uint32_t number = capture::FrameModule(frame);
  return number == capture::kUnknownModule || !g_index.Loaded(number);
}

bool RefreshLocked(uint64_t now_ms) {
  Refresh refresh(now_ms);
  const bool complete = refresh.Run();
  if (refresh.changed()) {
    OpenUnloadWindow();  // otherwise a look-up under way could put back what the sweep removes
    g_rule_cache.Sweep(IsStale);
    g_module_map_epoch.fetch_add(1, std::memory_order_release);
    g_table.generation->fetch_add(1, std::memory_order_release);
    CloseUnloadWindow();
  }
  return complete;
}

}  // namespace

void BindModuleMap(const ModuleTable& table) {
  LEAKTRACK_DCHECK(table.entries != nullptr && table.count != nullptr);
  ResetPins();  // after a fork the holders of pins and locks are not in this process
  g_refreshing.store(true, std::memory_order_relaxed);
  g_table = table;
  g_index.Clear();
  g_rule_cache.Sweep([](capture::Frame) { return true; });
  g_module_map_epoch.fetch_add(1, std::memory_order_release);
  g_next_refresh_ms.store(0, std::memory_order_relaxed);
  RefreshLocked(TickMs());
  g_startup_known = true;
  g_refreshing.store(false, std::memory_order_release);
}

namespace {

// Times belong to the clock of the run that the entry was made in.
void CopyEntry(const capture::ModuleEntry& from, capture::ModuleEntry& to) {
  const bool gone = from.unloaded_ms.load(std::memory_order_relaxed) != 0;
  to.start = from.start;
  to.end = from.end;
  to.bias = from.bias;
  to.loaded_ms = 0;
  to.unloaded_ms.store(gone ? 1 : 0, std::memory_order_relaxed);
  to.device = from.device;
  to.inode = from.inode;
  to.generation = from.generation;
  to.build_id_size = from.build_id_size;
  __builtin_memcpy(to.build_id, from.build_id, sizeof to.build_id);
  __builtin_memcpy(to.path, from.path, sizeof to.path);
  to.ready.store(1, std::memory_order_release);
}

}  // namespace

bool MoveModuleMap(const ModuleTable& table, bool forked) {
  LEAKTRACK_DCHECK(table.entries != nullptr && table.count != nullptr);
  if (forked) ResetPins();
  const RefreshLock lock;  // not to be had for ever in a child that was forked amid a refresh
  if (!lock.held() || g_table.entries == nullptr) return false;
  const uint32_t count = g_index.count();
  const uint64_t bytes = (uint64_t{count} + 1) * sizeof(capture::ModuleEntry);
  if (count >= table.capacity || (table.commit != nullptr && !table.commit(bytes))) return false;
  for (uint32_t number = 1; number <= count; ++number)
    CopyEntry(g_table.entries[number], table.entries[number]);
  table.generation->store(g_table.generation->load(std::memory_order_relaxed),
                          std::memory_order_relaxed);
  table.count->store(count, std::memory_order_release);
  g_table = table;
  return true;
}

bool KeepModuleMapInChild(const capture::ModuleEntry* entries) {
  ResetPins();
  return !g_refreshing.load(std::memory_order_acquire) && g_table.entries == entries;
}

uintptr_t BiasOfModule(uint32_t number) { return g_index.facts(number).bias; }

void TrustNoModule() { g_startup_known = true; }

bool RefreshModules(uint64_t now_ms) {
  if (raw::Forbidden()) return false;
  const RefreshLock lock;
  return lock.held() && g_table.entries != nullptr && RefreshLocked(now_ms);
}

uint32_t FindModule(uintptr_t address) { return g_index.Find(address); }

ModuleView ViewModule(uintptr_t address) {
  const uint32_t number = g_index.Find(address);
  if (number == 0) return {};
  const ModuleIndex::Facts& facts = g_index.facts(number);
  return {
      .number = number, .from_startup = facts.from_startup, .bias = facts.bias, .cfi = facts.cfi};
}

UnknownAddress RefreshForUnknown(uintptr_t address) {
  const uint64_t tick_ms = TickMs();
  if (g_unknown_pages.Contains(address, ModuleMapEpoch(), tick_ms))
    return UnknownAddress::kKnownToBeUnknown;
  const uint64_t now_ms = CoarseMs();
  uint64_t next = g_next_refresh_ms.load(std::memory_order_relaxed);
  const uint64_t after_this = (next > now_ms ? next : now_ms) + kRefreshIntervalMs;
  if (now_ms + kRefreshBurstMs < next ||
      !g_next_refresh_ms.compare_exchange_strong(next, after_this)) {
    return UnknownAddress::kTooSoon;
  }
  if (!RefreshModules(tick_ms)) return UnknownAddress::kTooSoon;
  if (FindModule(address) == 0) g_unknown_pages.Remember(address, ModuleMapEpoch(), tick_ms);
  return UnknownAddress::kRefreshed;
}

void BeginUnload() { OpenUnloadWindow(); }

void EndUnload(uint64_t now_ms) {
  // Another thread's refresh may have read the map before the module went. So wait for it, for a
  // bounded time, and read again.
  for (int i = 0; i < kMaxLockYields && !RefreshModules(now_ms); ++i) raw::Call(SYS_sched_yield);
  CloseUnloadWindow();
}

}  // namespace leaktrack::track

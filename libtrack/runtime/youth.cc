// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/youth.h"

#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include <atomic>
#include <cstring>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/link_object.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/record/filter.h"
#include "libtrack/record/interval_control.h"
#include "libtrack/runtime/run.h"

namespace leaktrack::track {
namespace {

constexpr int kMadvWipeOnFork = 18;
constexpr uint32_t kYoungModules = 32;

// Wiped on fork.
struct Youth {
  std::atomic<const HotThread*> user;  // the thread that samples now
  const HotThread* walked_by;          // whose stack the memo is of
  bool begun;                          // prepared for this process
  bool has_modules;                    // the module map is bound
  bool is_of_start;                    // the constructor ran in this process
  bool ended;
  int pid;                         // 0: nothing has been kept yet
  std::atomic<uint64_t> since_ms;  // of the monotonic clock
  uint64_t drawn_bytes;
  std::atomic<uint64_t> lost;  // samples without room, or while another thread sampled
  ThreadState state;
  Cradle cradle;
};
// Whole pages of zeros, which are a valid Youth.
constexpr size_t kYouthBytesInMemory = (sizeof(Youth) + 4095) / 4096 * 4096;
alignas(4096) constinit char g_youth_memory[kYouthBytesInMemory]{};
inline Youth& Mine() { return reinterpret_cast<Youth&>(g_youth_memory); }

// Not wiped: a child has its parent's modules, and its index of them.
constinit capture::ModuleEntry g_modules[kYoungModules]{};
constinit std::atomic<uint32_t> g_module_count{0}, g_module_generation{0};
constinit std::atomic<uint64_t> g_modules_lost{0};
static_assert(sizeof g_youth_memory + sizeof g_modules <= 64 * 1024);

constinit uint64_t g_interval = 0;
constinit const link_map* g_last_at_start = nullptr;

// Found at the first sample. Zero: not there.
constinit uintptr_t g_in_loader = 0, g_thread_creation = 0;
constinit size_t g_thread_creation_bytes = 0;

uint64_t MonotonicMs() { return static_cast<uint64_t>(MonotonicCoarseNs()) / 1'000'000; }

const link_map* LastObject() {
  const link_map* object = FirstObject();
  while (object != nullptr && object->l_next != nullptr) object = object->l_next;
  return object;
}

ModuleTable YoungTable() {
  return {.entries = g_modules,
          .capacity = kYoungModules,
          .count = &g_module_count,
          .generation = &g_module_generation,
          .lost = &g_modules_lost,
          .commit = nullptr,
          .tick_ms = nullptr};
}

void EmptyYoungTable() {
  std::memset(static_cast<void*>(g_modules), 0, sizeof g_modules);
  g_module_count.store(0);
  g_modules_lost.store(0);
}

bool TakeParentsModules() {
  if (KeepModuleMapInChild(g_modules)) return true;
  EmptyYoungTable();
  return MoveModuleMap(YoungTable(), true);
}

void BindYoungModules() {
  EmptyYoungTable();
  if (LastObject() != g_last_at_start) TrustNoModule();
  BindModuleMap(YoungTable());
}

// In a child the parent's map is as good, unless the fork interrupted its making.
void PrepareModules() {
  if (Mine().is_of_start || !TakeParentsModules()) BindYoungModules();
  Mine().has_modules = true;
}

void FindUnsafePlaces() {
  if (g_in_loader != 0) return;
  g_in_loader = reinterpret_cast<uintptr_t>(FindSymbolInLinkMap("__tls_get_addr"));
  const FoundSymbol creation = FindNextInLinkMap("pthread_create");
  if (creation.object == nullptr) return;
  const SymbolRange range =
      FindRangeInObject(static_cast<const link_map*>(creation.object), "pthread_create");
  g_thread_creation = reinterpret_cast<uintptr_t>(creation.address);
  g_thread_creation_bytes = range.bytes;
}

void Prepare(HotThread& hot) {
  if (Mine().since_ms.load(std::memory_order_relaxed) == 0) Mine().since_ms.store(MonotonicMs());
  Mine().state.sampler.Seed(static_cast<uint64_t>(ReadClockNs(CLOCK_MONOTONIC)) ^
                            static_cast<uint64_t>(raw::Getpid()) << 40);
  hot.countdown = 0;  // after a fork it is the parent's, drawn for another interval
  PrepareModules();
  FindUnsafePlaces();
  Mine().pid = raw::Getpid();
  Mine().begun = true;
}

// What the kernel returns to after a signal handler: mov $15, %rax; syscall.
bool IsSignalReturn(uintptr_t address) {
  constexpr unsigned char kCode[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
  for (size_t i = 0; i < sizeof kCode; ++i) {
    if (*reinterpret_cast<const volatile unsigned char*>(address + i) != kCode[i]) return false;
  }
  return true;
}

}  // namespace

bool PrepareYouth(uint64_t interval_bytes) {
  g_interval = interval_bytes > 1 ? interval_bytes : kBaseInterval;
  g_last_at_start = LastObject();
  return raw::Call(SYS_madvise, raw::Ptr(g_youth_memory), sizeof g_youth_memory, kMadvWipeOnFork) ==
         0;
}

void BeginYouth() {
  Mine().is_of_start = true;
  Mine().pid = raw::Getpid();
  NoteBeginOfYouth();
}

void NoteBeginOfYouth() { Mine().since_ms.store(MonotonicMs(), std::memory_order_relaxed); }

bool NoteEndOfYouth() {
  if (Mine().ended || (Mine().pid != 0 && Mine().pid != raw::Getpid())) return false;
  Mine().ended = true;
  return true;
}

bool YouthBeganHere() { return Mine().is_of_start; }

ThreadState* BeginYouthfulCall(HotThread& hot, const HookGuard& guard) {
  if (!guard.held() || hot.guards_taken_over != 0) return nullptr;
  if (Mine().pid != 0 && Mine().begun && Mine().pid != raw::Getpid()) return nullptr;
  const HotThread* nobody = nullptr;
  // If it is this thread, a handler has jumped out of its sample.
  if (!Mine().user.compare_exchange_strong(nobody, &hot, std::memory_order_acquire) &&
      nobody != &hot) {
    Mine().lost.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  if (!Mine().begun) Prepare(hot);
  if (Mine().walked_by != &hot) {
    Mine().state.memo.count = 0;
    Mine().state.memo.readable_low = Mine().state.memo.readable_high = 0;
    Mine().walked_by = &hot;
  }
  return &Mine().state;
}

void EndYouthfulCall(const ThreadState* state) {
  if (state != nullptr) Mine().user.store(nullptr, std::memory_order_release);
}

bool JudgeInYouth(HotThread& hot, ThreadState& state, uint64_t size) {
  if (size > kLargestSampled) return false;
  const auto draw = [&] {
    hot.countdown = state.sampler.Draw(g_interval, kBaseIndex);
    Mine().drawn_bytes += hot.countdown;
  };
  if (hot.countdown == 0) draw();
  if (size < hot.countdown) {
    hot.countdown -= size;
    return false;
  }
  Mine().drawn_bytes += size - hot.countdown;
  draw();
  return true;
}

void KeepInYouth(ThreadState& state, const void* block, uint64_t size, const WalkResult& walk) {
  const StackDepot::Stack stack{
      capture::SiteKind::kHeap, {state.frames, walk.frame_count}, walk.truncated, walk.fold};
  // Raised first: the block is not the program's yet.
  g_filter.Raise(block);
  if (Mine().cradle.Add(block, size, MonotonicMs(), stack)) return;
  g_filter.Lower(block);
  Mine().lost.fetch_add(1, std::memory_order_relaxed);
}

bool IsGrown() {
  return Mine().drawn_bytes >= kYouthBytes || g_modules_lost.load() != 0 ||
         Mine().cradle.count() == Cradle::kMostBlocks ||
         MonotonicMs() - Mine().since_ms.load(std::memory_order_relaxed) >= kYouthMs;
}

// A frame of a startup module can be read for good.
bool IsSafePlace(const ThreadState& state, const WalkResult& walk) {
  const uint32_t loader = g_in_loader != 0 ? FindModule(g_in_loader) : 0;
  for (uint32_t i = 0; i < walk.frame_count; ++i) {
    const uint32_t number = capture::FrameModule(state.frames[i]);
    if (number == capture::kUnknownModule) continue;
    if (number == loader) return false;
    const uintptr_t address = capture::FrameAddress(state.frames[i]) + BiasOfModule(number);
    if (address - g_thread_creation < g_thread_creation_bytes) return false;
    if (ViewModule(address).from_startup && IsSignalReturn(address)) return false;
  }
  return true;
}

Cradle::State TakeInYouth(const void* block, Cradle::Block** taken) {
  const Cradle::State state = Mine().cradle.Take(block, MonotonicMs(), taken);
  if (state == Cradle::kEnded) g_filter.Lower(block);
  return state;
}

void PutBackInYouth(Cradle::Block& block) {
  g_filter.Raise(reinterpret_cast<const void*>(block.address()));
  Cradle::PutBack(block);
}

uint64_t YouthMs() {
  Cradle& cradle = Mine().cradle;
  return cradle.count() == 0 ? 0 : MonotonicMs() - cradle.block(0).born_ms;
}

bool YouthHasModules() { return Mine().has_modules; }

void EnterYouth(const GuardTicket& ticket, ThreadState& state, Tracker& tracker, Filter& filter) {
  Cradle& cradle = Mine().cradle;
  const uint32_t count = cradle.count();
  for (uint32_t i = 0; i < count; ++i) {
    Cradle::Block& entry = cradle.block(i);
    void* const block = reinterpret_cast<void*>(entry.address());
    const uint64_t born_ms = entry.born_ms - cradle.block(0).born_ms;
    const capture::SiteId site = tracker.Intern(cradle.StackOf(entry));
    tracker.control().NoteSample(born_ms);
    (void)tracker.Insert(ticket, state, block, entry.size, {kBaseIndex}, site, born_ms, nullptr);
    if (Cradle::Move(entry)) {
      filter.Lower(block);  // it was raised when the block was kept, and again just now
      continue;
    }
    const Removed removed = tracker.Take(block);
    if (removed.found)
      tracker.SettleDeath(&state, removed, entry.ended_ms.load() - cradle.block(0).born_ms);
  }
  for (uint64_t lost = Mine().lost.load(); lost > 0; --lost)
    tracker.Count(capture::kLostAllocations);
}

// Another thread may be looking; it then asks the tracker. One that is stuck in the middle of a
// sample keeps all.
void EndYouth() {
  const HotThread* const user = Mine().user.load();
  if (user != &hot_thread || raw::Forbidden()) return;
  raw::Call(SYS_madvise, raw::Ptr(g_youth_memory), sizeof g_youth_memory, MADV_DONTNEED);
}

}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/exit/exit_look.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/witness/exit/exit_roots.h"
#include "tools/witness/exit/held_threads.h"
#include "tools/witness/memory/process_memory.h"
#include "tools/witness/reading.h"
#include "tools/witness/site_sums.h"
#include "tools/witness/tracked_blocks.h"

namespace leaktrack::witness {
namespace {

using capture::HoldMoment;
using capture::HoldRequest;

// The thread that waits for us, from the frame that it named.
Thread Waiting(pid_t pid, pid_t tid, const HoldRequest& request) {
  Thread thread;
  thread.tid = tid;
  thread.is_main = tid == pid;
  thread.name = thread.is_main ? "main" : absl::StrCat(tid);
  thread.stack_pointer = request.stack;
  thread.thread_pointer = request.thread_pointer;
  thread.registers.assign(std::begin(request.registers), std::end(request.registers));
  thread.has_registers = true;
  return thread;
}

std::vector<Range> RegisteredRegions(Memory& memory, const HoldRequest& request) {
  std::vector<Range> regions;
  capture::RootRegion all[capture::kMostRootRegions];
  if (request.root_regions == 0 || memory.Read(request.root_regions, all, sizeof all) != sizeof all)
    return regions;
  for (const capture::RootRegion& region : all) {
    if (region.bytes != 0 && region.start < uint64_t{1} << 47 && region.bytes < uint64_t{1} << 40)
      regions.push_back({region.start, region.start + region.bytes});
  }
  return regions;
}

// Blocks that nobody recorded, where the program excused some without our seeing which.
std::vector<uint64_t> Unrecorded(const TrackedBlocks& tracked, const Heap& heap) {
  std::vector<uint64_t> blocks;
  size_t at = 0;
  for (const Block& block : heap.blocks) {
    while (at < tracked.blocks.size() && tracked.blocks[at].address < block.address) ++at;
    const bool recorded = at < tracked.blocks.size() && tracked.blocks[at].address == block.address;
    if (!recorded && !block.freed) blocks.push_back(block.address);
  }
  return blocks;
}

class Looker {
 public:
  Looker(pid_t pid, const HoldRequest& request, const SymbolizerOptions& symbols)
      : pid_(pid), request_(request), symbols_(symbols) {
    memory_.run_id = request.run_id;
    memory_.moment = static_cast<HoldMoment>(request.moment) == HoldMoment::kExit
                         ? LookMoment::kExit
                         : LookMoment::kCheck;
  }

  RunMemory Look(absl::FunctionRef<void(const RunMemory& so_far)> release) {
    Reading reading;
    TrackedBlocks tracked;
    memory_.reason = Read(reading, tracked);
    if (memory_.reason.empty()) {
      memory_.looks = 1;
      TakeSites(tracked, reading, memory_);
    }
    release(memory_);
    if (!memory_.reason.empty()) return std::move(memory_);
    TakeLostGraph(tracked, reading, memory_);
    Classes classes;
    ClassifyBySite(tracked, classes, reading);
    NameHolders(reading, classes, symbols_, memory_);
    return std::move(memory_);
  }

 private:
  // Empty, or why nothing can be said.
  std::string Read(Reading& reading, TrackedBlocks& tracked) {
    const pid_t waits = ThreadNumberHere(pid_, static_cast<pid_t>(request_.tid));
    if (waits == 0) return "the thread that ended it was not found";
    std::vector<pid_t> leave = {waits};
    if (request_.drainer_tid != 0)
      leave.push_back(ThreadNumberHere(pid_, static_cast<pid_t>(request_.drainer_tid)));
    HeldThreads held(pid_, leave);
    if (!held.problem().empty()) return held.problem();
    std::vector<Thread> threads = held.threads();
    threads.push_back(Waiting(pid_, waits, request_));
    // By the thread that waits: a main thread that has ended before has no memory any more.
    const auto memory = OpenProcessMemory(waits, {.threads = &threads});
    if (!memory.ok()) return std::string(memory.status().message());
    absl::StatusOr<TrackedBlocks> blocks = ReadTrackedBlocks(**memory, pid_, request_.run_id);
    if (!blocks.ok()) return std::string(blocks.status().message());
    tracked = *std::move(blocks);
    memory_.at_seconds = tracked.seconds;
    return ReadBlocks(**memory, threads, tracked, reading);
  }

  std::string ReadBlocks(Memory& memory, const std::vector<Thread>& threads,
                         const TrackedBlocks& tracked, Reading& reading) {
    reading.modules = FindModules(memory);
    std::vector<Range> own_state;
    reading.heap =
        ReadGlibcHeap(memory, HeapLimits(), Constants(memory, reading.modules), own_state);
    if (reading.heap.allocator.empty() && !tracked.blocks.empty())
      return "its allocator is not glibc's";
    ExitRootsInput input{.modules = reading.modules,
                         .heap = reading.heap.spans.ranges(),
                         .own_state = std::move(own_state),
                         .unparsed = reading.heap.unparsed,
                         .registered = RegisteredRegions(memory, request_),
                         .excused = tracked.excused,
                         .threads = threads,
                         .drainer_pointer = request_.drainer_thread};
    if (request_.excuses != 0 && !tracked.exact) {
      const std::vector<uint64_t> more = Unrecorded(tracked, reading.heap);
      input.excused.insert(input.excused.end(), more.begin(), more.end());
    }
    reading.roots = FindExitRoots(memory, input);
    reading.reach = FindReach(memory, reading.heap, reading.roots);
    return Blindness(memory, reading.heap);
  }

  const pid_t pid_;
  const HoldRequest& request_;
  const SymbolizerOptions& symbols_;
  RunMemory memory_;
};

}  // namespace

RunMemory LookAtHeld(pid_t pid, const HoldRequest& request, const SymbolizerOptions& symbols,
                     absl::FunctionRef<void(const RunMemory& so_far)> release) {
  return Looker(pid, request, symbols).Look(release);
}

}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/tracked_run.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "libtrack/capture/read/capture_bytes.h"
#include "libtrack/capture/write/header_page.h"
#include "libtrack/capture/write/history_writer.h"
#include "tests/record/test_image.h"
#include "tests/support/memory_file.h"

namespace leaktrack::verdicts {
namespace {

constexpr uint64_t kLiveLimit = 32'768;   // the library's default
constexpr uint64_t kWaitingDeaths = 100;  // of the 128 that a ring holds

double SampledShare(double size, double interval) { return -std::expm1(-size / interval); }

track::ImageOptions Image() {
  track::ImageOptions options;
  options.live_limit = kLiveLimit;
  options.thread_blocks = 4;
  options.map_entries = 16;
  options.module_entries = 16;
  return options;
}

uintptr_t AddressOf(uint32_t block) { return 0x10'0000 + uintptr_t{16} * block; }

}  // namespace

struct TrackedRun::Library {
  Library(uint64_t interval, uint64_t seed)
      : process(std::make_unique<track::Process>(
            Image(), track::TrackerOptions{.interval = interval, .seed = seed})) {
    const capture::RecorderHeader& header = process->image.header();
    const size_t bytes = capture::HistoryWriter::MemoryBytes(header);
    memory.resize(bytes / sizeof(memory[0]) + 1);
    writer = capture::HistoryWriter::Place(memory.data(), bytes, header);
    if (!process->bound || writer == nullptr) abort();
    writer->Start(file.ops(), header);
    capture::FileHeader page;
    if (!capture::WriteHeaderPage(file.ops(), header, nullptr, &page)) abort();
  }

  struct alignas(16) Unit {
    char bytes[16];
  };
  std::unique_ptr<track::Process> process;
  std::vector<Unit> memory;
  capture::HistoryWriter* writer = nullptr;
  leaktrack::testing::MemoryFile file;
};

TrackedRun::TrackedRun(const Program& program, uint64_t seed)
    : program_(program),
      random_(seed),
      library_(std::make_unique<Library>(program.interval, seed)) {
  capture::RecorderHeader& header = library_->process->image.header();
  header.state = static_cast<uint32_t>(capture::RunState::kRunning);
  header.run_id = seed | 1;
  strcpy(header.program, "simulated");
  track::Process& process = *library_->process;
  process.tracker->AdoptThread(process.hot, *process.state, 1);
  track::Sample first;  // a judgement draws the first budget; this one belongs to no block
  (void)process.tracker->Judge(process.hot, *process.state, 1, 0, &first);
  for (uint32_t i = 0; i < program.sites.size(); ++i) {
    std::vector<capture::Frame> frames;
    for (const std::string& function : program.sites[i].functions)
      frames.push_back(names_.FrameOf(function));
    // Distinct program sites are distinct stacks: one more frame, outside main, distinguishes them.
    frames.push_back(names_.FrameOf("_start"));
    sites_.push_back(process.tracker->Intern({capture::SiteKind::kHeap, frames, false}));
    program_sites_[sites_.back()] = i;
  }
  OrderEvents();
}

TrackedRun::~TrackedRun() = default;

void TrackedRun::OrderEvents() {
  const std::vector<Block>& blocks = program_.blocks;
  replaced_.resize(blocks.size());
  for (const Block& block : blocks) {
    if (block.realloc_of >= 0) replaced_[static_cast<size_t>(block.realloc_of)] = true;
  }
  events_.reserve(2 * blocks.size());
  for (uint32_t i = 0; i < blocks.size(); ++i) {
    events_.push_back({blocks[i].birth_ms, i, false});
    if (blocks[i].death_ms < program_.end_ms && !replaced_[i])
      events_.push_back({blocks[i].death_ms, i, true});
  }
  std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.is_death < b.is_death;
  });
}

void TrackedRun::AdvanceTo(double ms) {
  while (next_event_ < events_.size() && events_[next_event_].at_ms <= ms) {
    WriteEpochs(events_[next_event_].at_ms);
    Step(events_[next_event_++]);
  }
  WriteEpochs(ms);
}

void TrackedRun::Step(const Event& event) {
  const auto now_ms = static_cast<uint64_t>(event.at_ms);
  if (event.is_death) {
    Bury(event.block, now_ms);
  } else {
    Bear(event.block, now_ms);
  }
  const capture::RecorderHeader& header = library_->process->image.header();
  uint64_t waiting = 0;
  const auto* const rings =
      library_->process->image.view().region<capture::ThreadBlock>(capture::kRegionThreads);
  for (uint32_t i = 0; i < header.thread_count; ++i)
    waiting = std::max(waiting, rings[i].written - rings[i].consumed);
  if (waiting >= kWaitingDeaths) WriteEpoch(now_ms, false);
}

// The block was drawn with the interval at the start. If the library has a coarser one by now, the
// block is judged again.
void TrackedRun::Bear(uint32_t number, uint64_t now_ms) {
  track::Process& process = *library_->process;
  track::Tracker& tracker = *process.tracker;
  const Block& block = program_.blocks[number];
  const auto size = static_cast<double>(block.size);
  const auto interval =
      static_cast<double>(tracker.control().BytesOf(process.state->sampler.interval_index()));
  track::NamedGuard guard(process.hot);
  track::ChainLink link;
  bool linked = false;
  if (block.realloc_of >= 0) {
    track::Removed old =
        tracker.Take(track::Process::Ptr(AddressOf(static_cast<uint32_t>(block.realloc_of))));
    linked = old.found;
    link = tracker.Continue(old);
    tracker.SettleDeath(process.state.get(), old, now_ms);
  }
  const double kept =
      SampledShare(size, interval) / SampledShare(size, static_cast<double>(program_.interval));
  if (!random_.Chance(std::min(1.0, kept))) return;
  process.hot.countdown = 1;
  track::Sample sample;
  if (!tracker.Judge(process.hot, *process.state, block.size, now_ms, &sample)) abort();
  void* const address = track::Process::Ptr(AddressOf(number));
  tracker.Insert(guard.ticket(), *process.state, address, block.size, sample, sites_[block.site],
                 now_ms, linked ? &link : nullptr);
}

void TrackedRun::Bury(uint32_t block, uint64_t now_ms) {
  track::Process& process = *library_->process;
  track::NamedGuard guard(process.hot);
  process.tracker->SettleDeath(
      process.state.get(), process.tracker->Take(track::Process::Ptr(AddressOf(block))), now_ms);
}

void TrackedRun::WriteEpochs(double until_ms) {
  while (next_epoch_ms_ <= until_ms) {
    WriteEpoch(static_cast<uint64_t>(next_epoch_ms_), false);
    const double left = program_.end_ms - next_epoch_ms_;
    const double step = next_epoch_ms_ < kMinute || left < 2 * kMinute ? 1e3
                        : left < 30 * kMinute                          ? 8e3
                                                                       : 64e3;
    next_epoch_ms_ += step;
  }
}

void TrackedRun::WriteEpoch(uint64_t now_ms, bool final) {
  capture::RecorderHeader& header = library_->process->image.header();
  header.tick_ms = now_ms;
  capture::MemorySampleRaw memory;
  memory.anonymous = static_cast<int64_t>(program_.TrueBytes(static_cast<double>(now_ms)));
  memory.file = 20'000'000;
  memory.shared = 0;
  memory.swap = 0;
  memory.rss = memory.anonymous + memory.file;
  if (program_.limit_bytes > 0) {
    memory.cgroup_current = memory.rss;
    memory.cgroup_max = static_cast<int64_t>(program_.limit_bytes);
  }
  const auto kind = final ? capture::EpochKind::kFinal : capture::EpochKind::kPeriodic;
  if (!library_->writer->WriteEpoch(&header, memory, now_ms, kind)) abort();
}

capture::Capture TrackedRun::Look() {
  return capture::DecodeCaptureBytes("simulated", library_->file.bytes(), nullptr).capture;
}

std::vector<uint8_t> TrackedRun::FinishBytes() {
  AdvanceTo(program_.end_ms);
  capture::RecorderHeader& header = library_->process->image.header();
  header.state = static_cast<uint32_t>(capture::RunState::kExited);
  header.end_ms = static_cast<uint64_t>(program_.end_ms);
  WriteEpoch(static_cast<uint64_t>(program_.end_ms), true);
  return library_->file.bytes();
}

capture::Capture TrackedRun::Finish() {
  return capture::DecodeCaptureBytes("simulated", FinishBytes(), nullptr).capture;
}

}  // namespace leaktrack::verdicts

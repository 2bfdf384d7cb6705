// SPDX-License-Identifier: Apache-2.0
//
// A run for tests: a recorder built by hand, the real writer, and a file in memory.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_CAPTURE_RUN_FIXTURE_H_
#define LEAKTRACK_TESTS_CAPTURE_RUN_FIXTURE_H_

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "libtrack/capture/read/capture_bytes.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/write/header_page.h"
#include "libtrack/capture/write/history_writer.h"
#include "tests/support/memory_file.h"
#include "tests/support/recorder_builder.h"

namespace leaktrack::testing {

// The writer's own memory, mapped as the drainer maps it.
class WriterMemory {
 public:
  explicit WriterMemory(const capture::RecorderHeader& header)
      : bytes_(capture::HistoryWriter::MemoryBytes(header)) {
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    writer_ = capture::HistoryWriter::Place(memory_, bytes_, header);
  }
  ~WriterMemory() { munmap(memory_, bytes_); }
  WriterMemory(const WriterMemory&) = delete;
  WriterMemory& operator=(const WriterMemory&) = delete;
  capture::HistoryWriter* writer() { return writer_; }
  // Makes memory that the writer must first ask for inaccessible, as in the drainer.
  void ForbidAllButTheFirstPages() {
    const size_t first = (capture::HistoryWriter::FirstBytes() + 4095) & ~size_t{4095};
    mprotect(static_cast<char*>(memory_) + first, bytes_ - first, PROT_NONE);
  }

 private:
  size_t bytes_;
  void* memory_;
  capture::HistoryWriter* writer_;
};

struct TestRun {
  explicit TestRun(const RecorderSizes& sizes = {}) : recorder(sizes), memory(*recorder.header()) {}

  bool Create(const char* recorder_path = "/dev/shm/leaktrack.test.ltr") {
    capture::FileHeader page;
    memory.writer()->Start(file.ops(), *recorder.header());
    return capture::WriteHeaderPage(file.ops(), *recorder.header(), recorder_path, &page);
  }
  bool Epoch(uint64_t now_ms, capture::EpochKind kind = capture::EpochKind::kPeriodic) {
    recorder.SetTime(now_ms);
    sample.rss = static_cast<int64_t>(1'000'000 + now_ms);
    return memory.writer()->WriteEpoch(recorder.header(), sample, now_ms, kind);
  }
  capture::DecodeResult DecodeFile() const {
    return capture::DecodeCaptureBytes("test", file.bytes(), nullptr);
  }
  capture::DecodeResult DecodeWithRecorder() const {
    capture::RecorderImage image;
    std::string why;
    if (!image.LoadBytes(recorder.image(), recorder.bytes(), &why)) return {};
    return capture::DecodeCaptureBytes("test", file.bytes(), &image);
  }

  RecorderBuilder recorder;
  MemoryFile file;
  WriterMemory memory;
  capture::MemorySampleRaw sample;
};

// A small busy program: sites, births, deaths, kept deaths, blocks that stay alive. `kept` lists
// what was kept.
class SmallProgram {
 public:
  SmallProgram(TestRun* run, uint32_t seed) : run_(*run), random_(seed) {
    const uint32_t app = run_.recorder.AddModule("/usr/bin/app", "\x01\x02\xfe");
    for (uint64_t i = 0; i < 12; ++i) {
      const auto module = i % 4 == 0 ? 0 : app;
      sites_.push_back(run_.recorder.AddStack(
          {capture::MakeFrame(module, 0x1000 + 16 * i), capture::MakeFrame(app, 0x99)}));
    }
    run_.recorder.AddHook("malloc", capture::HookState::kActive);
    run_.recorder.AddHook("reallocarray", capture::HookState::kAbsent);
  }

  void Second(uint64_t now_ms) {
    for (int i = 0; i < 20; ++i) {
      const capture::SiteId site = sites_[random_() % sites_.size()];
      const uint64_t size = 8 + random_() % 5000, interval = random_() % 2 != 0 ? 16384 : 32768;
      run_.recorder.Birth(site, size, interval);
      const uint32_t slot = random_() % 64;
      if (random_() % 3 == 0) {
        run_.recorder.SetLive(slot, {});
      } else {
        run_.recorder.SetLive(
            slot, {site, size, interval, now_ms - random_() % 900, random_() % 5 ? 0u : 17u, 1});
      }
      const uint64_t age = random_() % 100'000;
      run_.recorder.Death(site, age, size, interval);
      if (random_() % 4 != 0) continue;
      const uint64_t birth = now_ms > age ? now_ms - age : 0;
      // Sizes count up, so each kept death can be told from all others.
      if (run_.recorder.PushKept(random_() % 3, {site, ++kept, interval, birth, now_ms, 0}))
        pushed.push_back(kept);
    }
    if (random_() % 8 == 0)
      run_.recorder.SetMap(random_() % 8, 0x1000, 1 + random_() % 4096, now_ms, sites_[0]);
  }

  std::vector<uint64_t> pushed;  // sizes of kept deaths that found room
  uint64_t kept = 0;

 private:
  TestRun& run_;
  std::mt19937 random_;
  std::vector<capture::SiteId> sites_;
};

inline std::vector<uint64_t> SortedSizes(const std::vector<capture::KeptDeath>& deaths) {
  std::vector<uint64_t> sizes;
  for (const auto& death : deaths) sizes.push_back(death.size);
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_CAPTURE_RUN_FIXTURE_H_

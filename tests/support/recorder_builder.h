// SPDX-License-Identifier: Apache-2.0
//
// Builds a flight-recorder image by hand, as a tracked process would have left it.
//
//   RecorderBuilder recorder;
//   const SiteId site = recorder.AddStack({MakeFrame(recorder.AddModule("/bin/app"), 0x1234)});
//   recorder.Birth(site, 100);                       // counters
//   recorder.SetLive(7, {site, 100, 1, 5'000});      // the block itself, in slot 7
//   recorder.WriteTo(path);
//
// The defaults describe a running process of this boot without a drainer, with our own pid;
// SetDead() kills it.
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_SUPPORT_RECORDER_BUILDER_H_
#define LEAKTRACK_TESTS_SUPPORT_RECORDER_BUILDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::testing {

struct RecorderSizes {
  uint32_t cells = 1024;
  uint32_t live_slots = 1024;  // multiple of 4
  uint32_t maps = 16;
  uint32_t modules = 16;
  uint32_t threads = 4;
  uint32_t arena_bytes = 64 * 1024;
};

struct LiveBlock {
  capture::SiteId site = 0;
  uint64_t size = 0;
  uint64_t interval = 1;
  uint64_t birth_ms = 0;
  uint32_t chain = 0;
  uint32_t first_birth_s = 0;
};

struct DeadBlock {
  capture::SiteId site = 0;
  uint64_t size = 0;
  uint64_t interval = 1;
  uint64_t birth_ms = 0, death_ms = 0;
  uint32_t chain = 0;
};

class RecorderBuilder {
 public:
  explicit RecorderBuilder(const RecorderSizes& sizes = {});
  ~RecorderBuilder();
  RecorderBuilder(const RecorderBuilder&) = delete;
  RecorderBuilder& operator=(const RecorderBuilder&) = delete;

  capture::RecorderHeader* header() { return reinterpret_cast<capture::RecorderHeader*>(image_); }
  const uint8_t* image() const { return image_; }
  size_t bytes() const { return bytes_; }

  void SetTime(uint64_t now_ms) { header()->tick_ms = now_ms; }
  void SetDead();  // as SIGKILL leaves it: FUTEX_OWNER_DIED, state running

  uint32_t AddModule(const std::string& path, const std::string& build_id_bytes = {});
  capture::SiteId AddStack(const std::vector<capture::Frame>& frames,
                           capture::SiteKind kind = capture::SiteKind::kHeap, uint8_t flags = 0);

  // Adds to the sums of (site, band) what `count` samples of this size and interval add.
  void Add(capture::SiteId site, uint8_t band, uint64_t size, uint64_t interval = 1,
           uint64_t count = 1);
  void Birth(capture::SiteId site, uint64_t size, uint64_t interval = 1, uint64_t count = 1) {
    Add(site, capture::kBandBirths, size, interval, count);
    header()->samples_total += count;
  }
  // Exact mode: adds `count` births to the own cell of thread `thread`, and `count` live blocks to
  // its counter.
  void OwnBirth(uint32_t thread, capture::SiteId site, uint64_t size, uint64_t count = 1);
  // Adds a cell with exactly this key, whatever it means.
  capture::Cell* RawCell(uint64_t key);
  void Death(capture::SiteId site, uint64_t age_ms, uint64_t size, uint64_t interval = 1,
             uint64_t count = 1);

  void SetLive(uint32_t slot, const LiveBlock& block);  // site 0: empties the slot
  void SetMap(uint32_t index, uint64_t start, uint64_t length, uint64_t birth_ms,
              capture::SiteId site);
  bool PushKept(uint32_t ring, const DeadBlock& block);  // false: the ring is full
  // Uses the first free slot. `end_ms` 0: still open.
  void AddNote(capture::NoteKind kind, const std::string& name, uint64_t start_ms, uint64_t end_ms,
               uint16_t value = 0);
  void AddHook(const std::string& name, capture::HookState state);

  void WriteTo(const std::string& path) const;

 private:
  template <typename T>
  T* At(capture::RegionId region, uint64_t index) {
    return reinterpret_cast<T*>(image_ + header()->regions[region].offset) + index;
  }
  uint64_t IntervalIndex(uint64_t interval);

  uint8_t* image_;
  size_t bytes_;
  RecorderSizes sizes_;
  std::map<uint64_t, uint32_t> cell_of_;
  std::map<std::pair<uint32_t, uint64_t>, capture::Cell*> own_;  // by thread and key
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_SUPPORT_RECORDER_BUILDER_H_

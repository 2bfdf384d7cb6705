// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/allocator_watch.h"

#include "libtrack/platform/os/clock.h"

namespace leaktrack::track {

void AllocatorWatch::Ask(void* self) {
  Answer& answer = static_cast<AllocatorWatch*>(self)->answer_;
  const int64_t wall = ReadClockNs(CLOCK_MONOTONIC),
                processor = ReadClockNs(CLOCK_THREAD_CPUTIME_ID);
  answer.reading = ReadAllocator();
  answer.processor_ns = static_cast<uint64_t>(ReadClockNs(CLOCK_THREAD_CPUTIME_ID) - processor);
  answer.wall_ns = static_cast<uint64_t>(ReadClockNs(CLOCK_MONOTONIC) - wall);
}

void AllocatorWatch::TakeAnswer(uint64_t now_ms, const MemoryReading& sample) {
  asked_ = false;
  last_ = answer_;
  read_ms_ = asked_ms_;
  anonymous_ = sample.anonymous;
  const uint64_t pause_ms = kPauseShare * last_.wall_ns / 1'000'000;
  next_ms_ = now_ms + (pause_ms > kShortestPauseMs ? pause_ms : kShortestPauseMs);
  if (last_.processor_ns > kLongestNs) given_up_ = true;
}

// The duration of the walk grows with the number of free chunks, which can grow in proportion to
// the memory.
bool AllocatorWatch::WouldTakeTooLong(const MemoryReading& sample) const {
  if (read_ms_ == 0 || anonymous_ <= 0 || sample.anonymous <= anonymous_) return false;
  return static_cast<double>(last_.processor_ns) * static_cast<double>(sample.anonymous) >
         static_cast<double>(kLongestNs) * static_cast<double>(anonymous_);
}

void AllocatorWatch::Look(uint64_t now_ms, bool may_ask, MemoryReading* sample) {
  if (asked_ && call_.Gone()) TakeAnswer(now_ms, *sample);
  if (read_ms_ != 0) {
    sample->allocator_in_use = last_.reading.in_use;
    sample->allocator_free = last_.reading.free;
    sample->allocator_mapped = last_.reading.mapped;
    sample->allocator_arenas = last_.reading.arenas;
    sample->allocator_read_ms = static_cast<int64_t>(read_ms_);
  }
  if (!may_ask || asked_ || given_up_ || now_ms < next_ms_ || !AllocatorTells()) return;
  given_up_ = WouldTakeTooLong(*sample);
  if (given_up_) return;
  asked_ms_ = now_ms;
  asked_ = call_.Start(Ask, this);
  if (!asked_) next_ms_ = now_ms + kShortestPauseMs;
}

void AllocatorWatch::Forget() {
  call_.Forget();
  asked_ = false;
  given_up_ = false;
  next_ms_ = read_ms_ = 0;
}

}  // namespace leaktrack::track

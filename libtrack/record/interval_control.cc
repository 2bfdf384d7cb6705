// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/interval_control.h"

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {
namespace {

uint64_t CountOf(uint64_t tick_word) { return tick_word & 0xffff'ffffULL; }
uint64_t TickOf(uint64_t tick_word) { return tick_word >> 32; }

}  // namespace

void IntervalControl::Bind(capture::RecorderHeader* header, uint64_t configured,
                           uint64_t live_limit) {
  header_ = header;
  live_limit_ = static_cast<int64_t>(live_limit);
  const bool exact = configured == 1;
  const uint64_t base = configured > 1 ? configured : kBaseInterval;
  header->configured_interval = configured;
  header->interval_bytes[kExactIndex].store(1, std::memory_order_relaxed);
  largest_index_ = kBaseIndex;
  for (uint64_t bytes = base;; bytes *= 2, ++largest_index_) {
    header->interval_bytes[largest_index_].store(bytes, std::memory_order_relaxed);
    if (bytes >= kLargestInterval) break;
  }
  header->interval_count.store(largest_index_ + 1u, std::memory_order_release);

  rate_index_.store(exact ? kExactIndex : kBaseIndex);
  live_index_.store(exact ? kExactIndex : kBaseIndex);
  follows_rate_.store(configured <= 1);
  crowded_at_.store(exact ? INT64_MAX : live_limit_ / 4 * 3);
  roomy_below_.store(live_limit_ / 4);
  tick_.store(0);
  rate_calm_since_.store(0);
  live_calm_since_.store(0);
  header->interval_bytes_min.store(~uint64_t{0}, std::memory_order_relaxed);
  header->interval_bytes_max.store(0, std::memory_order_relaxed);
  Publish();
}

void IntervalControl::NoteSample(uint64_t now_ms) {
  LEAKTRACK_DCHECK(!exact());
  const uint64_t tick = now_ms / kTickMs;
  uint64_t seen = tick_.load(std::memory_order_relaxed);
  while (tick > TickOf(seen)) {
    if (!tick_.compare_exchange_weak(seen, (tick << 32) | 1, std::memory_order_relaxed)) continue;
    RelaxRate(CountOf(seen), TickOf(seen), now_ms);
    RelaxLive(now_ms);
    return;
  }
  const uint64_t count = CountOf(tick_.fetch_add(1, std::memory_order_relaxed) + 1);
  // The remainder is zero for exactly one thread, however many draw at once. That thread doubles.
  if (count % kSamplesPerTick == 0) RaiseRate();
}

void IntervalControl::RaiseRate() {
  if (!follows_rate_.load(std::memory_order_relaxed)) return;
  const uint8_t now = index();
  if (now >= largest_index_) return;
  rate_index_.store(static_cast<uint8_t>(now + 1), std::memory_order_relaxed);
  Publish();
}

void IntervalControl::RelaxRate(uint64_t finished_count, uint64_t finished_tick, uint64_t now_ms) {
  if (finished_count >= kSamplesPerTick / 4) {
    rate_calm_since_.store((finished_tick + 1) * kTickMs, std::memory_order_relaxed);
  }
  uint64_t since = rate_calm_since_.load(std::memory_order_relaxed);
  uint8_t rate = rate_index_.load(std::memory_order_relaxed);
  if (now_ms < since + kRateCalmMs) return;
  // A long silence counts as several calm periods.
  while (now_ms >= since + kRateCalmMs && rate > kBaseIndex) {
    --rate;
    since += kRateCalmMs;
  }
  rate_calm_since_.store(rate > kBaseIndex ? since : now_ms, std::memory_order_relaxed);
  rate_index_.store(rate, std::memory_order_relaxed);
  Publish();
}

void IntervalControl::RelaxLive(uint64_t now_ms) {
  if (header_->live_count.load(std::memory_order_relaxed) >=
      roomy_below_.load(std::memory_order_relaxed)) {
    live_calm_since_.store(now_ms, std::memory_order_relaxed);
    return;
  }
  const uint8_t live = live_index_.load(std::memory_order_relaxed);
  if (live <= kBaseIndex || now_ms < live_calm_since_.load(std::memory_order_relaxed) + kLiveCalmMs)
    return;
  live_index_.store(static_cast<uint8_t>(live - 1), std::memory_order_relaxed);
  live_calm_since_.store(now_ms, std::memory_order_relaxed);
  Publish();
}

uint8_t IntervalControl::NextForLive() const {
  const uint8_t live = live_index_.load(std::memory_order_relaxed);
  return live >= largest_index_ ? uint8_t{0} : static_cast<uint8_t>(live + 1);
}

void IntervalControl::RaiseLiveTo(uint8_t index, uint64_t now_ms) {
  LEAKTRACK_DCHECK(index <= largest_index_);
  uint8_t seen = live_index_.load(std::memory_order_relaxed);
  if (seen >= index) return;
  while (seen < index &&
         !live_index_.compare_exchange_weak(seen, index, std::memory_order_relaxed)) {
  }
  live_calm_since_.store(now_ms, std::memory_order_relaxed);
  Publish();
}

void IntervalControl::LeaveExact(uint64_t now_ms, int64_t live) {
  LEAKTRACK_DCHECK(exact());
  crowded_at_.store(live + live_limit_ / 4 * 3, std::memory_order_relaxed);
  rate_calm_since_.store(now_ms, std::memory_order_relaxed);
  live_calm_since_.store(now_ms, std::memory_order_relaxed);
  rate_index_.store(kBaseIndex, std::memory_order_relaxed);
  live_index_.store(kBaseIndex, std::memory_order_relaxed);
  Publish();
}

void IntervalControl::Publish() {
  const uint64_t bytes = BytesOf(index());
  header_->interval_bytes_now.store(bytes, std::memory_order_relaxed);
  std::atomic<uint64_t>& low = header_->interval_bytes_min;
  for (uint64_t seen = low.load(); bytes < seen && !low.compare_exchange_weak(seen, bytes);) {
  }
  std::atomic<uint64_t>& high = header_->interval_bytes_max;
  for (uint64_t seen = high.load(); bytes > seen && !high.compare_exchange_weak(seen, bytes);) {
  }
}

}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/call_stack.h"

#include <numeric>

namespace leaktrack {

CallStack::CallStack(Frames frames) : numbers_(frames.size()) {
  std::iota(numbers_.begin(), numbers_.end(), 0);
  pool_ = std::make_shared<const Frames>(std::move(frames));
}

CallStack CallStack::Inner(size_t count) const {
  return {pool_,
          {numbers_.begin(), numbers_.begin() + static_cast<ptrdiff_t>(std::min(count, size()))}};
}

CallStack CallStack::InnerAnd(size_t count, size_t outer) const {
  CallStack stack = Inner(count);
  stack.numbers_.push_back(numbers_[outer]);
  return stack;
}

CallStackPool::Range CallStackPool::Of(capture::Frame frame) {
  const auto [known, is_new] = known_.try_emplace(frame);
  if (is_new) {
    const std::vector<ResolvedFrame>& resolved = symbolizer_.Resolve(frame);
    known->second.first = static_cast<uint32_t>(frames_->size());
    frames_->insert(frames_->end(), resolved.begin(), resolved.end());
    known->second.end = static_cast<uint32_t>(frames_->size());
  }
  return known->second;
}

CallStack CallStackPool::Resolve(std::span<const capture::Frame> frames) {
  std::vector<uint32_t> numbers;
  numbers.reserve(frames.size());
  for (const capture::Frame frame : frames) {
    const Range range = Of(frame);
    for (uint32_t number = range.first; number < range.end; ++number) numbers.push_back(number);
  }
  return {frames_, std::move(numbers)};
}

}  // namespace leaktrack

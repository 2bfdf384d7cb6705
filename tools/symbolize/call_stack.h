// SPDX-License-Identifier: Apache-2.0
//
// Call stacks with names, of which a report holds tens of thousands.
//
// A stack reads like a sequence of ResolvedFrame, leaf first, and costs four bytes a frame: the
// frames themselves lie once in a pool that all stacks of a capture share, and that lives as long
// as any of them.
//
// Thread-safety: stacks are values; CallStackPool is for one thread, and done before its stacks are
// read by others.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_CALL_STACK_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_CALL_STACK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

class CallStack {
 public:
  using Frames = std::vector<ResolvedFrame>;
  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = ResolvedFrame;
    using difference_type = ptrdiff_t;
    using pointer = const ResolvedFrame*;
    using reference = const ResolvedFrame&;

    Iterator() = default;
    Iterator(const ResolvedFrame* pool, const uint32_t* number) : pool_(pool), number_(number) {}
    reference operator*() const { return pool_[*number_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() { return *this += 1; }
    Iterator operator++(int) { return std::exchange(*this, *this + 1); }
    Iterator& operator+=(difference_type by) { return number_ += by, *this; }
    Iterator operator+(difference_type by) const { return Iterator(*this) += by; }
    difference_type operator-(const Iterator& other) const { return number_ - other.number_; }
    bool operator==(const Iterator& other) const { return number_ == other.number_; }
    auto operator<=>(const Iterator& other) const { return number_ <=> other.number_; }

   private:
    const ResolvedFrame* pool_ = nullptr;
    const uint32_t* number_ = nullptr;
  };

  CallStack() = default;
  // Of frames that it shares with nobody.
  CallStack(Frames frames);  // NOLINT: a stack is a sequence of frames
  CallStack(std::initializer_list<ResolvedFrame> frames) : CallStack(Frames(frames)) {}
  CallStack(std::shared_ptr<const Frames> pool, std::vector<uint32_t> numbers)
      : pool_(std::move(pool)), numbers_(std::move(numbers)) {}

  size_t size() const { return numbers_.size(); }
  bool empty() const { return numbers_.empty(); }
  const ResolvedFrame& operator[](size_t i) const { return (*pool_)[numbers_[i]]; }
  Iterator begin() const { return {pool_ == nullptr ? nullptr : pool_->data(), numbers_.data()}; }
  Iterator end() const { return begin() + static_cast<ptrdiff_t>(size()); }

  // Has `edit(Frames&)` change its frames, of which it has copies from then on.
  template <typename Edit>
  void Change(const Edit& edit) {
    Frames frames(begin(), end());
    edit(frames);
    *this = CallStack(std::move(frames));
  }

  // Where its frames lie in the pool.
  std::span<const uint32_t> numbers() const { return numbers_; }
  // The innermost `count` frames, at most all.
  CallStack Inner(size_t count) const;
  // Those, and outside of them the frame at `outer`.
  CallStack InnerAnd(size_t count, size_t outer) const;

 private:
  std::shared_ptr<const Frames> pool_;
  std::vector<uint32_t> numbers_;
};

// Makes the stacks of one capture.
class CallStackPool {
 public:
  explicit CallStackPool(Symbolizer& symbolizer) : symbolizer_(symbolizer) {}

  CallStack Resolve(std::span<const capture::Frame> frames);

  // Of all stacks so far; a stack's numbers are indices into it.
  const CallStack::Frames& frames() const { return *frames_; }

 private:
  struct Range {
    uint32_t first = 0, end = 0;
  };
  Range Of(capture::Frame frame);

  Symbolizer& symbolizer_;
  std::shared_ptr<CallStack::Frames> frames_ = std::make_shared<CallStack::Frames>();
  std::unordered_map<capture::Frame, Range> known_;  // with what was inlined at the call site
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_CALL_STACK_H_

// SPDX-License-Identifier: Apache-2.0
//
// Some sites of an analysis, in its order: all, or those whose places are listed.
//
// Why: who looks at three sites of 100,000 must not cost the others their place in the totals, and
// copies of sites are copies of their stacks. Promises: as cheap to pass as a span.
// Limits: valid as long as the sites and the list of places are.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_SITE_VIEW_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_SITE_VIEW_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

class SiteView {
 public:
  // All of them.
  SiteView(const std::vector<SiteResult>& sites)  // NOLINT: a list of sites is a view of all
      : sites_(sites.data()), count_(sites.size()) {}
  // Those at `places`.
  SiteView(const std::vector<SiteResult>& sites, std::span<const size_t> places)
      : sites_(sites.data()), places_(places.data()), count_(places.size()) {}

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const SiteResult& operator[](size_t i) const {
    return sites_[places_ == nullptr ? first_ + i : places_[first_ + i]];
  }

  // At most `most` of them; 0: all.
  SiteView First(size_t most) const { return Part(0, most == 0 ? count_ : most); }
  // At most `most` from `from` on.
  SiteView Part(size_t from, size_t most) const {
    SiteView part = *this;
    part.first_ += std::min(from, count_);
    part.count_ = std::min(most, count_ - std::min(from, count_));
    return part;
  }

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = SiteResult;
    using difference_type = std::ptrdiff_t;
    using pointer = const SiteResult*;
    using reference = const SiteResult&;

    Iterator() = default;
    Iterator(const SiteView* view, size_t at) : view_(view), at_(at) {}
    reference operator*() const { return (*view_)[at_]; }
    pointer operator->() const { return &(*view_)[at_]; }
    Iterator& operator++() { return ++at_, *this; }
    Iterator operator++(int) { return Iterator(view_, at_++); }
    bool operator==(const Iterator&) const = default;

   private:
    const SiteView* view_ = nullptr;
    size_t at_ = 0;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, count_}; }

 private:
  const SiteResult* sites_ = nullptr;
  const size_t* places_ = nullptr;  // null: all
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_SITE_VIEW_H_

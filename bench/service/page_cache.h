// SPDX-License-Identifier: Apache-2.0
//
// Rendered pages. The least recently used one is evicted first.
//
// Grows while it fills, like a leak. Then it stays at its capacity, unlike a leak.
//
// Thread-safety: locks itself.
#ifndef LEAKTRACK_BENCH_SERVICE_PAGE_CACHE_H_
#define LEAKTRACK_BENCH_SERVICE_PAGE_CACHE_H_

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace service {

class PageCache {
 public:
  explicit PageCache(size_t capacity) : capacity_(capacity) {}

  // The page for `path`. `render()` renders it if it is not in the cache.
  template <typename Render>
  std::string Get(const std::string& path, Render render) {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(path); found != index_.end()) {
      pages_.splice(pages_.begin(), pages_, found->second);
      return found->second->second;
    }
    if (pages_.size() == capacity_) {
      index_.erase(pages_.back().first);
      pages_.pop_back();
    }
    pages_.emplace_front(path, render());
    index_[path] = pages_.begin();
    return pages_.front().second;
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return pages_.size();
  }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, std::string>> pages_;
  std::unordered_map<std::string, std::list<std::pair<std::string, std::string>>::iterator> index_;
};

}  // namespace service

#endif  // LEAKTRACK_BENCH_SERVICE_PAGE_CACHE_H_

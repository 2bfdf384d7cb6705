// SPDX-License-Identifier: Apache-2.0
//
// leaktrack.h for C++ (11 and newer): the same functions, bound to scopes.
//
//   leaktrack::Phase phase("load");                     until the end of the scope
//   leaktrack::WorkCounter requests(64);                tells the tracker once per 64 units
//   requests.Add();
//   Cache* cache = leaktrack::Immortal(new Cache);      never freed, and that is intended
//
// Thread-safety: a WorkCounter belongs to one thread; everything else as leaktrack.h.
#ifndef LEAKTRACK_LEAKTRACK_HPP_
#define LEAKTRACK_LEAKTRACK_HPP_

#include "leaktrack/leaktrack.h"

namespace leaktrack {

class Phase {
 public:
  explicit Phase(const char* name) : phase_(leaktrack_phase_begin(name)) {}
  ~Phase() { leaktrack_phase_end(phase_); }
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  leaktrack_phase phase_;
};

// Counts units and reports them in batches. The destructor reports the rest.
class WorkCounter {
 public:
  explicit WorkCounter(uint64_t batch = 1) : batch_(batch) {}
  ~WorkCounter() { Tell(); }
  WorkCounter(const WorkCounter&) = delete;
  WorkCounter& operator=(const WorkCounter&) = delete;

  void Add(uint64_t units = 1) {
    pending_ += units;
    if (pending_ >= batch_) Tell();
  }
  void Tell() {
    if (pending_ != 0) leaktrack_work_add(pending_);
    pending_ = 0;
  }

 private:
  uint64_t batch_;
  uint64_t pending_ = 0;
};

template <typename T>
T* Immortal(T* block) {
  leaktrack_mark_immortal(block);
  return block;
}

// A pool of the program, by name. The destructor ends no object: call Destroy() for that.
class Pool {
 public:
  explicit Pool(const char* name) : pool_(leaktrack_pool_create(name)) {}
  void Backing(const void* start, size_t bytes) const {
    leaktrack_pool_backing(pool_, start, bytes);
  }
  template <typename T>
  T* Alloc(T* object, size_t bytes) const {
    leaktrack_pool_alloc(pool_, object, bytes);
    return object;
  }
  void Free(const void* object) const { leaktrack_pool_free(pool_, object); }
  void Clear(const void* start, size_t bytes) const { leaktrack_pool_clear(pool_, start, bytes); }
  void Destroy() const { leaktrack_pool_destroy(pool_); }

 private:
  leaktrack_pool pool_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_LEAKTRACK_HPP_

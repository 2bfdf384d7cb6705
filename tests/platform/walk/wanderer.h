// SPDX-License-Identifier: Apache-2.0
//
// A tree of calls with several ways down. Random walks through it share outer frames, return, and
// descend again.
//
// Frames have fixed or random sizes. At each node `look` is called now and then, several times from
// one place.
#ifndef LEAKTRACK_TESTS_PLATFORM_WALK_WANDERER_H_
#define LEAKTRACK_TESTS_PLATFORM_WALK_WANDERER_H_

#include <cstring>
#include <random>

namespace leaktrack::track {

template <typename Look>
class Wanderer {
 public:
  explicit Wanderer(Look look) : look_(look) {}

  void Run(int rounds) {
    for (int round = 0; round < rounds; ++round) Wander(static_cast<int>(random_() % 9));
  }

 private:
  __attribute__((noinline)) void Left(int depth) {
    volatile char room[24];
    room[0] = 1;
    Wander(depth - 1);
    sink_ = room[0];
  }
  __attribute__((noinline)) void Right(int depth) {
    volatile char room[200];
    room[0] = 1;
    Wander(depth - 1);
    sink_ = room[0];
  }
  __attribute__((noinline)) void Variable(int depth) {
    const size_t bytes = 16 + random_() % 300;
    auto* room = static_cast<char*>(__builtin_alloca(bytes));
    memset(room, 1, bytes);
    Wander(depth - 1);
    sink_ = room[0];
  }
  __attribute__((noinline)) void Wander(int depth) {
    const unsigned turns = 1 + random_() % 3;
    for (unsigned i = 0; i < turns && depth > 0; ++i) {
      switch (random_() % 3) {
        case 0:
          Left(depth);
          break;
        case 1:
          Right(depth);
          break;
        case 2:
          Variable(depth);
          break;
      }
    }
#pragma GCC unroll 1
    for (unsigned i = random_() % 4; i > 0; --i) look_();
  }

  std::mt19937 random_{20240817};
  Look look_;
  volatile int sink_ = 0;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_TESTS_PLATFORM_WALK_WANDERER_H_

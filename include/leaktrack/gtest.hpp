// SPDX-License-Identifier: Apache-2.0
//
// Checks in a single GoogleTest test that code keeps no memory.
//
//   #include <leaktrack/gtest.hpp>
//   TEST(ParserTest, KeepsNothing) {
//     EXPECT_TRUE(leaktrack::KeepsNothing([] { Parse("some words"); }));
//   }
//
// The body runs once to warm up, then N times, then 2 N times. A leak grows in both series, by the
// same amount per iteration. A cache that fills, a pool or a lazily built table stops growing. It
// needs no tracker, because it asks the C library how much is in use. `leaktrack gate` tells where
// the memory went; the failure prints the command line. Under the gate the test fails again. It
// leaves a mark in the capture, by which the gate knows that it may name the call sites, although
// it refuses other runs that fail.
// Limits: glibc's malloc. (Another allocator does not tell, and that is a failure, not a pass.)
// Allocations of other threads count too. Less than a byte per iteration does not count.
//
// Thread-safety: one caller at a time.
#ifndef LEAKTRACK_GTEST_HPP_
#define LEAKTRACK_GTEST_HPP_

#include <errno.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <stddef.h>

#include <algorithm>
#include <memory>
#include <string>

#include "leaktrack/leaktrack.h"

namespace leaktrack {
namespace gtest_internal {

inline double BytesInUse() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  const struct mallinfo2 info = mallinfo2();
#else
  const struct mallinfo info = mallinfo();
#endif
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

inline bool AllocatorTells() {
  const double before = BytesInUse();
  const std::unique_ptr<char[]> block(new char[100000]);
  static_cast<volatile char*>(block.get())[0] = 1;
  return BytesInUse() - before >= 100000;
}

template <typename Body>
double GrowthOf(Body& body, int iterations) {
  const double before = BytesInUse();
  for (int i = 0; i < iterations; ++i) body();
  return (BytesInUse() - before) / iterations;
}

}  // namespace gtest_internal

template <typename Body>
::testing::AssertionResult KeepsNothing(Body&& body, int iterations = 100) {
  if (!gtest_internal::AllocatorTells()) {
    return ::testing::AssertionFailure() << "this program's allocator does not say what is in use; "
                                            "gate the whole program: leaktrack gate";
  }
  body();
  const double once = gtest_internal::GrowthOf(body, iterations);
  const double twice = gtest_internal::GrowthOf(body, 2 * iterations);
  const double lost = std::min(once, twice);
  if (lost < 1) return ::testing::AssertionSuccess();
  const ::testing::TestInfo* const test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test->test_suite_name()) + "." + test->name();
  leaktrack_snapshot(("KeepsNothing:" + name).c_str());
  return ::testing::AssertionFailure()
         << "keeps " << lost << " bytes per iteration, in " << iterations << " as in "
         << 2 * iterations
         << "; to see where:\n  leaktrack gate --at-exit=all --runs 1 --interval exact -- "
         << program_invocation_name << " --gtest_filter=" << name;
}

}  // namespace leaktrack

#endif  // LEAKTRACK_GTEST_HPP_

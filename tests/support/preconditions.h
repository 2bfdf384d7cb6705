// SPDX-License-Identifier: Apache-2.0
//
// EXPECT_PRECONDITION(statement, condition): the statement breaks a promise that a caller gives,
// and dies of the LEAKTRACK_DCHECK whose condition begins with that text.
//
// Limits: for builds with LEAKTRACK_DCHECKS; others do not compile these tests.
#ifndef LEAKTRACK_TESTS_SUPPORT_PRECONDITIONS_H_
#define LEAKTRACK_TESTS_SUPPORT_PRECONDITIONS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#define EXPECT_PRECONDITION(statement, condition) \
  EXPECT_DEATH(static_cast<void>(statement),      \
               ::testing::HasSubstr(std::string("does not hold: ") + (condition)))

#endif  // LEAKTRACK_TESTS_SUPPORT_PRECONDITIONS_H_

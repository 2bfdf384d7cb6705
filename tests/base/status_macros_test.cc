// SPDX-License-Identifier: Apache-2.0
#include "tools/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

namespace leaktrack {
namespace {

absl::StatusOr<std::unique_ptr<int>> Box(int value) {
  if (value < 0) return absl::InvalidArgumentError("negative");
  return std::make_unique<int>(value);
}

absl::StatusOr<int> Sum(int a, int b) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> left, Box(a));
  ASSIGN_OR_RETURN(auto right, Box(b));
  return *left + *right;
}

absl::Status Check(int value, int* reached) {
  RETURN_IF_ERROR(Box(value).status());
  ++*reached;
  return absl::OkStatus();
}

TEST(StatusMacrosTest, TakeTheValueOutEvenWhenItCanOnlyBeMoved) { EXPECT_EQ(Sum(2, 3).value(), 5); }

TEST(StatusMacrosTest, PassTheFirstErrorUpAndStop) {
  EXPECT_EQ(Sum(-1, 3).status(), absl::InvalidArgumentError("negative"));
  EXPECT_EQ(Sum(1, -3).status(), absl::InvalidArgumentError("negative"));
  int reached = 0;
  EXPECT_FALSE(Check(-1, &reached).ok());
  EXPECT_EQ(reached, 0);
  EXPECT_TRUE(Check(1, &reached).ok());
  EXPECT_EQ(reached, 1);
}

}  // namespace
}  // namespace leaktrack

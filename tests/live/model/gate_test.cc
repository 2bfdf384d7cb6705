// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/gate.h"

#include <optional>

#include "gtest/gtest.h"

namespace leaktrack::live {
namespace {

constexpr GateLevels kLevels{.9, 600};

Outlook In(double seconds, bool trusted = true) {
  return {seconds * .9, seconds, seconds * 1.1, trusted};
}

TEST(GateTest, ShutsAtItsUseAndOpensOnlyWellBelow) {
  Gate gate;
  EXPECT_FALSE(gate.Update(kLevels, .89, {}));
  EXPECT_TRUE(gate.Update(kLevels, .90, {}));
  EXPECT_TRUE(gate.Update(kLevels, .86, {}));
  EXPECT_FALSE(gate.Update(kLevels, .84, {}));
  EXPECT_FALSE(gate.Update(kLevels, .89, {}));
}

TEST(GateTest, ShutsBeforeATrustedTimeIsUpAndIgnoresAGuess) {
  Gate gate;
  EXPECT_FALSE(gate.Update(kLevels, .5, In(60, false)));
  EXPECT_TRUE(gate.Update(kLevels, .5, In(599)));
  EXPECT_TRUE(gate.Update(kLevels, .5, In(1100)));
  EXPECT_FALSE(gate.Update(kLevels, .5, In(1300)));
}

TEST(GateTest, WhatIsNotKnownShutsNothing) {
  Gate gate;
  EXPECT_FALSE(gate.Update(kLevels, std::nullopt, {}));
}

}  // namespace
}  // namespace leaktrack::live

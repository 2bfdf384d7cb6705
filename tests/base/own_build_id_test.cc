// SPDX-License-Identifier: Apache-2.0
#include "tools/base/own_build_id.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace leaktrack {
namespace {

// What readelf finds in this very program.
std::string BuildIdByReadelf() {
  FILE* const pipe = popen("readelf -n /proc/$PPID/exe | sed -n 's/.*Build ID: //p'", "r");
  std::array<char, 256> line{};
  const bool read = fgets(line.data(), line.size(), pipe) != nullptr;
  pclose(pipe);
  std::string id = read ? line.data() : "";
  while (id.ends_with('\n')) id.pop_back();
  return id;
}

TEST(OwnBuildIdTest, IsWhatReadelfFindsInTheProgramThatRuns) {
  const std::string expected = BuildIdByReadelf();
  if (expected.empty())
    GTEST_SKIP() << "readelf is not installed, or the linker writes no build-id";
  EXPECT_EQ(OwnBuildId(), expected);
}

}  // namespace
}  // namespace leaktrack

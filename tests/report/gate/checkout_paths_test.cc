// SPDX-License-Identifier: Apache-2.0
#include "tools/report/gate/checkout_paths.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

GateResult NewLeakAt(const std::string& file) {
  GateSite site;
  site.change.change = Change::kNewLeak;
  site.change.key = {"Lose"};
  site.change.stack = {{.function = "Lose", .file = file, .line = 7}};
  GateResult result;
  result.sites = {site};
  return result;
}

std::string GitlabPath(const GateResult& result) {
  return nlohmann::json::parse(GateGitlab(result))[0]["location"]["path"];
}

TEST(CheckoutPathsTest, AFileBelowTheRootIsNamedFromThere) {
  EXPECT_EQ(PathBelow("/src/app", "/src/app/lib/a.c"), "lib/a.c");
  EXPECT_EQ(PathBelow("/src/app/", "/src/app/build/../lib/./a.c"), "lib/a.c");
  EXPECT_EQ(PathBelow("/", "/a.c"), "a.c");
}

TEST(CheckoutPathsTest, AFileOutsideKeepsItsName) {
  EXPECT_EQ(PathBelow("/src/app", "/src/application/a.c"), "/src/application/a.c");
  EXPECT_EQ(PathBelow("/src/app", "/usr/include/c++/12/bits/new"), "/usr/include/c++/12/bits/new");
  EXPECT_EQ(PathBelow("/src/app", "/src/app"), "/src/app");
}

TEST(CheckoutPathsTest, ARelativeNameIsTakenAsOneFromTheRoot) {
  EXPECT_EQ(PathBelow("/src/app", "./lib/a.c"), "lib/a.c");
  EXPECT_EQ(PathBelow("/src/app", "lib/a.c"), "lib/a.c");
}

TEST(CheckoutPathsTest, TheCheckoutIsTheNearestWithItsGit) {
  const fs::path root = fs::path(::testing::TempDir()) / "checkout";
  fs::create_directories(root / ".git");
  fs::create_directories(root / "build/release");
  EXPECT_EQ(FindCheckout(root / "build/release"), root);
  EXPECT_EQ(FindCheckout(root), root);
  EXPECT_EQ(FindCheckout("/proc/self"), "/proc/self");
  fs::remove_all(root);
}

TEST(CheckoutPathsTest, CodeHostsGetNamesThatTheyKnow) {
  GateResult result = NewLeakAt("/builds/app/lib/a.c");
  NameFilesBelow("/builds/app", result);
  EXPECT_EQ(GitlabPath(result), "lib/a.c");
  EXPECT_NE(GateGithub(result).find("file=lib/a.c,line=7"), std::string::npos)
      << GateGithub(result);
}

// GitLab drops an issue with an absolute path.
TEST(CheckoutPathsTest, GitlabIsToldOfAFileElsewhereInWords) {
  const GateResult result = NewLeakAt("/opt/lib/b.c");
  EXPECT_EQ(GitlabPath(result), "unknown");
  EXPECT_NE(GateGitlab(result).find("(/opt/lib/b.c:7)"), std::string::npos) << GateGitlab(result);
}

}  // namespace
}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tools/symbolize/debuginfod_client.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using Kind = DebuginfodClient::Kind;

// A folder that is all of PATH, and a debuginfod-find in it that does what `script` says.
class DebuginfodProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/debuginfod_program.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    path_before_ = getenv("PATH");
    setenv("PATH", folder_.c_str(), 1);
  }
  void TearDown() override {
    setenv("PATH", path_before_.c_str(), 1);
    fs::remove_all(folder_);
  }
  std::unique_ptr<DebuginfodClient> Installed(const std::string& script) {
    const fs::path program = folder_ / "debuginfod-find";
    std::ofstream(program) << "#!/bin/sh\n" << script << "\n";
    fs::permissions(program, fs::perms::owner_all);
    return OpenDebuginfodProgram();
  }

  fs::path folder_;
  std::string path_before_;
};

TEST_F(DebuginfodProgramTest, IsNotThereWhereNothingIsInstalled) {
  EXPECT_EQ(OpenDebuginfodProgram(), nullptr);
}

TEST_F(DebuginfodProgramTest, GivesThePathThatTheProgramPrints) {
  auto client = Installed("echo \"/cache/$2/$1\"");
  std::string path;
  EXPECT_EQ(client->Find("abcd", Kind::kDebugInfo, path), "");
  EXPECT_EQ(path, "/cache/abcd/debuginfo");
  EXPECT_EQ(client->Find("ef01", Kind::kExecutable, path), "");
  EXPECT_EQ(path, "/cache/ef01/executable");
}

TEST_F(DebuginfodProgramTest, TellsAFileThatNoServerHasFromServersThatDoNotAnswer) {
  std::string path;
  auto client = Installed("echo 'Server query failed: No such file or directory' >&2; exit 1");
  EXPECT_EQ(client->Find("abcd", Kind::kDebugInfo, path), "");
  EXPECT_EQ(path, "");
  client = Installed("echo 'Server query failed: Connection refused' >&2; exit 1");
  EXPECT_EQ(client->Find("abcd", Kind::kDebugInfo, path), "Connection refused");
}

TEST_F(DebuginfodProgramTest, GivesUpOnAProgramThatPrintsWithoutEnd) {
  auto client = Installed("while :; do echo /somewhere; done");
  std::string path;
  EXPECT_NE(client->Find("abcd", Kind::kDebugInfo, path), "");
  EXPECT_EQ(path, "");
}

}  // namespace
}  // namespace leaktrack

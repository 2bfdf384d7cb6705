// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/identity.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

namespace leaktrack::track {
namespace {

TEST(IdentityTest, KnowsTheProcessItIsIn) {
  Identity identity;
  ReadIdentity(identity);
  EXPECT_EQ(identity.pid, static_cast<uint32_t>(getpid()));
  EXPECT_EQ(identity.parent_pid, static_cast<uint32_t>(getppid()));
  EXPECT_NE(identity.run_id, 0u);
  EXPECT_NE(identity.pid_namespace, 0u);
  EXPECT_EQ(std::string(identity.program), std::filesystem::read_symlink("/proc/self/exe").filename().string());
  EXPECT_NE(std::string(identity.command).find(identity.program), std::string::npos);
  const uint8_t zero[16] = {};
  EXPECT_NE(std::memcmp(identity.boot_id, zero, sizeof zero), 0);
}

TEST(IdentityTest, TwoRunsOfOneProcessHaveDifferentNames) {
  Identity first, second;
  ReadIdentity(first);
  ReadIdentity(second);
  char a[1024], b[1024];
  ASSERT_TRUE(MakeCapturePath(first, "/tmp", a));
  ASSERT_TRUE(MakeCapturePath(second, "/tmp", b));
  EXPECT_STRNE(a, b);
}

TEST(IdentityTest, TheCaptureIsNamedByHostProgramPidAndRun) {
  Identity identity{};
  std::strcpy(identity.host, "web-1");
  std::strcpy(identity.program, "my/../server x");
  identity.pid = 42;
  identity.run_id = 0xabc;
  char path[1024];
  ASSERT_TRUE(MakeCapturePath(identity, "/var/tmp/", path));
  EXPECT_STREQ(path, "/var/tmp/web-1.my_.._server_x.42.0000000000000abc.ltk");
}

TEST(IdentityTest, ARelativeDirectoryIsMadeAbsoluteBecauseTheProgramMayMove) {
  Identity identity{};
  std::strcpy(identity.program, "p");
  char path[1024];
  ASSERT_TRUE(MakeCapturePath(identity, "", path));
  EXPECT_EQ(std::string(path).rfind(std::filesystem::current_path().string(), 0), 0u);
}

TEST(IdentityTest, APathThatDoesNotFitIsRefused) {
  Identity identity{};
  char path[1024];
  EXPECT_FALSE(MakeCapturePath(identity, ("/" + std::string(1020, 'd')).c_str(), path));
}

}  // namespace
}  // namespace leaktrack::track

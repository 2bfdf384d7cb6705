// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/identity.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace leaktrack::track {
namespace {

TEST(IdentityTest, KnowsTheProcessItIsIn) {
  Identity identity;
  ReadIdentity(identity);
  EXPECT_EQ(identity.pid, static_cast<uint32_t>(getpid()));
  EXPECT_EQ(identity.parent_pid, static_cast<uint32_t>(getppid()));
  EXPECT_NE(identity.run_id, 0u);
  EXPECT_NE(identity.pid_namespace, 0u);
  EXPECT_EQ(std::string(identity.program),
            std::filesystem::read_symlink("/proc/self/exe").filename().string());
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

std::vector<std::string> StatOfSelf() {  // from the third field on
  std::ifstream stat("/proc/self/stat");
  std::string fields;
  std::getline(stat, fields, '\0');
  std::istringstream rest(fields.substr(fields.rfind(')') + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

// Like setproctitle: the arguments lie one after another, the title is written over them, and zeros
// follow it.
void WriteTitle(const std::string& title) {
  const std::vector<std::string> fields = StatOfSelf();
  auto* arguments = reinterpret_cast<char*>(std::stoull(fields[45]));  // the fields 48 and 49
  const size_t bytes = std::stoull(fields[46]) - std::stoull(fields[45]);
  if (title.size() + 2 > bytes) _exit(1);  // the test must not depend on how it was started
  std::memset(arguments, 0, bytes);
  std::memcpy(arguments, title.data(), title.size());
}

// Program and command of a child that has written `title`.
std::pair<std::string, std::string> NamesUnderTitle(const std::string& title) {
  int out[2];
  if (pipe(out) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    WriteTitle(title);
    Identity identity;
    ReadIdentity(identity);
    dprintf(out[1], "%s\n%s", identity.program, identity.command);
    _exit(0);
  }
  close(out[1]);
  std::string said;
  char text[4096];
  for (ssize_t got; (got = read(out[0], text, sizeof text)) > 0;)
    said.append(text, static_cast<size_t>(got));
  close(out[0]);
  waitpid(child, nullptr, 0);
  const size_t end = said.find('\n');
  return {said.substr(0, end), said.substr(std::min(said.size(), end + 1))};
}

TEST(IdentityTest, AProgramUnderATitleIsCalledAsItsExecutable) {
  const std::string executable =
      std::filesystem::read_symlink("/proc/self/exe").filename().string();
  const auto [program, command] = NamesUnderTitle("web: one");  // no longer than our own name
  EXPECT_EQ(program, executable);
  EXPECT_EQ(command, "web: one");
}

TEST(IdentityTest, AProgramThatHasWipedItsArgumentsIsCalledAsItsExecutable) {
  const auto [program, command] = NamesUnderTitle("");
  EXPECT_EQ(program, std::filesystem::read_symlink("/proc/self/exe").filename().string());
  EXPECT_EQ(command, "");
}

TEST(IdentityTest, ItsStartIsTheTickThatTheKernelTellsOthers) {
  Identity identity;
  ReadIdentity(identity);
  EXPECT_EQ(std::to_string(identity.start_ticks), StatOfSelf()[19]);
}

TEST(IdentityTest, APathThatDoesNotFitIsRefused) {
  Identity identity{};
  char path[1024];
  EXPECT_FALSE(MakeCapturePath(identity, ("/" + std::string(1020, 'd')).c_str(), path));
}

}  // namespace
}  // namespace leaktrack::track

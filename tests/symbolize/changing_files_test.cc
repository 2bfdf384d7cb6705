// SPDX-License-Identifier: Apache-2.0
// Files that change while they are read: fewer names, never a signal.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/symbolize/fixture.h"
#include "tools/symbolize/truncation_guard.h"

namespace leaktrack {
namespace {

// Truncates a file and writes it again, as a compiler does, until it is destroyed.
class Rebuilder {
 public:
  explicit Rebuilder(std::string path) : path_(std::move(path)), bytes_(ReadAll(path_)) {
    thread_ = std::thread([this] {
      while (!stop_) {
        const int fd = open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
        usleep(50);
        for (size_t at = 0; at < bytes_.size();) {
          const size_t part = std::min<size_t>(bytes_.size() - at, 16384);
          if (write(fd, bytes_.data() + at, part) < 0) break;
          at += part;
        }
        close(fd);
        ++rounds_;
        usleep(200);
      }
    });
  }
  ~Rebuilder() { Stop(); }
  int Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return rounds_;
  }

 private:
  const std::string path_, bytes_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

class ChangingFilesTest : public testing::Test {
 protected:
  // Any answer will do. A process killed by SIGBUS gives none.
  void Ask(const std::string& path, int rounds) {
    const capture::ModuleInfo module = ModuleAt(path, build_id_);
    Rebuilder rebuilder(path);
    int named = 0;
    for (int i = 0; i < rounds || (named == 0 && i < 50 * rounds); ++i) {
      OneModule resolve(module);
      for (const auto& [name, address] : sites_) {
        const std::vector<ResolvedFrame>& frames = resolve(address);
        ASSERT_FALSE(frames.empty());
        named += !frames.front().function.empty();
      }
    }
    EXPECT_GT(rebuilder.Stop(), 0);
    EXPECT_GT(named, 0) << "now and then it was whole";
  }

  const TemporaryDirectory directory_;
  const std::string build_id_ = BuildIdOf(Fixture("libdwarf5.so"));
  const std::map<std::string, uint64_t> sites_ = SitesOf(Fixture("libdwarf5.so"));
};

TEST_F(ChangingFilesTest, AModuleThatIsBuiltAnewWhileItIsRead) {
  std::filesystem::copy_file(Fixture("libdwarf5.so"), directory_ / "lib.so");
  Ask(directory_ / "lib.so", 60);
}

// libdw opens these files by itself, beside the program or where it was compiled.
TEST_F(ChangingFilesTest, SplitDebugInformationIsFoundBesideTheProgramAlsoWhileItIsBuiltAnew) {
  const std::string source = FIXTURE_SOURCE_DIR "/";
  RunCommand("cd " + directory_.path() + " && cp " + source + "*.c " + source +
             "*.h . && gcc -g -O1 -gsplit-dwarf -fdebug-prefix-map=" + directory_.path() +
             "=. -fPIC -shared plain.c -o lib.so -Wl,--build-id=sha1");
  const std::string symbols =
      RunCommand("nm " + (directory_ / "lib.so") + " | grep ' [tT] PlainHelper'");
  const uint64_t address = std::stoull(symbols, nullptr, 16) + 4;
  const capture::ModuleInfo module = ModuleAt(directory_ / "lib.so");
  OneModule resolve(module);
  ASSERT_EQ(resolve(address).front().function, "PlainHelper");
  EXPECT_NE(resolve(address).front().line, 0u);
  std::string dwo;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    if (entry.path().extension() == ".dwo") dwo = entry.path();
  }
  ASSERT_FALSE(dwo.empty());
  Rebuilder rebuilder(dwo);
  for (int i = 0; i < 300; ++i) EXPECT_FALSE(OneModule(module)(address).empty());
  EXPECT_GT(rebuilder.Stop(), 0);
}

TEST_F(ChangingFilesTest, WhatDebugFilesHaveInCommonIsFoundBesideThem) {
  if (std::system("command -v dwz >/dev/null") != 0) GTEST_SKIP() << "needs dwz";
  std::filesystem::copy_file(Fixture("libdwarf4.so"), directory_ / "one.so");
  std::filesystem::copy_file(Fixture("libsections.so"), directory_ / "two.so");
  RunCommand(
      "cd " + directory_.path() +
      " && dwz -m common.debug -r one.so two.so 2>&1 && readelf -S one.so | grep gnu_debugaltlink");
  OneModule resolve(ModuleAt(directory_ / "one.so"));
  for (const auto& [name, address] : SitesOf(Fixture("libdwarf4.so"))) {
    OneModule original(ModuleAt(Fixture("libdwarf4.so")));
    const std::vector<ResolvedFrame>&found = resolve(address), &expected = original(address);
    ASSERT_EQ(found.size(), expected.size());
    // If an inlined function lies in the common file, its scope is not looked up.
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_FALSE(found[i].function.empty());
      EXPECT_TRUE(expected[i].function.ends_with(found[i].function)) << name;
    }
  }
}

TEST_F(ChangingFilesTest, AMappedPageThatIsGoneReadsAsZeros) {
  const std::string path = directory_ / "mapped";
  WriteAll(path, std::string(3 * 4096, 'x'));
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto* bytes =
      static_cast<const volatile char*>(mmap(nullptr, 3 * 4096, PROT_READ, MAP_PRIVATE, fd, 0));
  close(fd);
  ASSERT_EQ(truncate(path.c_str(), 4096), 0);
  {
    const TruncationGuard guard;
    EXPECT_EQ(bytes[0], 'x');
    EXPECT_FALSE(guard.torn());
    EXPECT_EQ(bytes[2 * 4096 + 5], 0);
    EXPECT_TRUE(guard.torn());
  }
  EXPECT_DEATH((void)bytes[4096], "") << "as before, without it";
}

}  // namespace
}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/frame_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/base/second_user.h"
#include "tests/symbolize/fixture.h"
#include "tools/symbolize/cached_symbolizer.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr char kId[] = "00112233445566778899aabbccddeeff00112233";

std::vector<ResolvedFrame> Inlined(uint64_t address) {
  return {{.function = "Parse(char const*)",
           .file = "/src/a.cc",
           .line = 7,
           .module = "/bin/app",
           .build_id = kId,
           .offset = address,
           .inlined = true},
          {.function = "main",
           .file = "/src/a.cc",
           .line = 90,
           .module = "/bin/app",
           .build_id = kId,
           .offset = address}};
}

class FrameStoreTest : public testing::Test {
 protected:
  size_t Files() const {
    return fs::exists(place_)
               ? static_cast<size_t>(std::distance(fs::directory_iterator(place_), {}))
               : 0;
  }

  TemporaryDirectory directory_;
  const std::string place_ = directory_ / "deep/names";
  const FrameStore store_{place_};
};

TEST_F(FrameStoreTest, GivesBackWhatWasSaved) {
  const FramesByAddress frames = {{0x1000, Inlined(0x1000)}, {0x2040, Inlined(0x2040)}};
  store_.Save(kId, frames);
  EXPECT_EQ(store_.Load("/bin/app", kId), frames);
  EXPECT_EQ(store_.Load("/opt/app", kId).at(0x1000).front().module, "/opt/app")
      << "the path is the capture's";
  EXPECT_TRUE(store_.Load("/bin/app", "ff112233445566778899aabbccddeeff00112233").empty());
}

TEST_F(FrameStoreTest, NobodyElseMayReadIt) {
  store_.Save(kId, {{1, Inlined(1)}});
  EXPECT_EQ(fs::status(place_).permissions(), fs::perms::owner_all);
}

TEST_F(FrameStoreTest, AFileThatDoesNotCheckOutIsNone) {
  store_.Save(kId, {{1, Inlined(1)}});
  const fs::path file = fs::directory_iterator(place_)->path();
  const auto size = fs::file_size(file);
  for (const auto length : {size - 1, size / 2, std::uintmax_t{0}}) {
    fs::resize_file(file, length);
    EXPECT_TRUE(store_.Load("/bin/app", kId).empty()) << length;
  }
  std::ofstream(file) << "garbage";
  EXPECT_TRUE(store_.Load("/bin/app", kId).empty());
}

TEST_F(FrameStoreTest, KeepsNothingUnderAnIdThatIsNone) {
  for (const char* id : {"", "0102", "../../../../../etc/passwd", "00112233445566778899AABB"})
    store_.Save(id, {{1, Inlined(1)}});
  FrameStore("").Save(kId, {{1, Inlined(1)}});
  EXPECT_EQ(Files(), 0u);
}

TEST_F(FrameStoreTest, DoesWithoutADirectory) {
  FrameStore("/dev/null/names").Save(kId, {{1, Inlined(1)}});
  EXPECT_TRUE(FrameStore("/dev/null/names").Load("/bin/app", kId).empty());
}

TEST_F(FrameStoreTest, UsesNoDirectoryOfSomebodyElse) {
  store_.Save(kId, {{1, Inlined(1)}});
  const std::string link = directory_ / "link";
  fs::create_directory_symlink(place_, link);
  EXPECT_TRUE(FrameStore(link).Load("/bin/app", kId).empty());
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(chown(place_.c_str(), 12345, 12345), 0);
  EXPECT_TRUE(store_.Load("/bin/app", kId).empty());
}

TEST_F(FrameStoreTest, TheOldestGoFirst) {
  store_.Save(kId, {{1, Inlined(1)}});
  const fs::path first = fs::directory_iterator(place_)->path();
  fs::last_write_time(first, fs::file_time_type::clock::now() - std::chrono::hours(1));
  for (size_t i = 1; i < FrameStore::kMostFiles; ++i)
    std::ofstream(place_ + "/" + std::to_string(i) + ".names") << "x";
  std::ofstream(place_ + "/of_somebody") << "older than all, and not ours";
  fs::last_write_time(place_ + "/of_somebody",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  EXPECT_TRUE(fs::exists(first));
  store_.Save("aa112233445566778899aabbccddeeff00112233", {{1, Inlined(1)}});
  EXPECT_EQ(Files(), FrameStore::kMostFiles + 1);
  EXPECT_FALSE(fs::exists(first));
  EXPECT_TRUE(fs::exists(place_ + "/of_somebody"));
}

// Root reports with a cache in a directory of another user, who exchanges it for a link as fast as
// possible.
TEST_F(FrameStoreTest, AnExchangeInMidSaveTouchesNothingElsewhere) {
  if (geteuid() != 0) GTEST_SKIP() << "needs a second user";
  const std::string victim = directory_ / "victim", shared = directory_ / "shared",
                    cache = shared + "/cache";
  fs::create_directories(victim + "/leaktrack/names");
  fs::permissions(victim + "/leaktrack/names", fs::perms(0755));
  std::ofstream(victim + "/leaktrack/names/precious.names") << "root's";
  fs::permissions(directory_ / "", fs::perms(0755));
  fs::create_directory(shared);
  fs::permissions(shared, fs::perms(01777));
  Exchanger hostile(cache, victim);
  const FrameStore store(cache + "/leaktrack/names");
  for (int round = 0; round < 300; ++round) {
    store.Save(kId, {{1, Inlined(1)}});
    EXPECT_TRUE(store.Load("/bin/app", kId).empty());
  }
  EXPECT_GT(hostile.Stop(), 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(victim + "/leaktrack/names"), {}), 1);
  EXPECT_EQ(fs::status(victim + "/leaktrack/names").permissions(), fs::perms(0755));
}

// With the symbolizer: the second report opens no file.
class StoredNamesTest : public FrameStoreTest {
 protected:
  void SetUp() override {
    fs::copy_file(Fixture("program_pie"), program_);
    module_ = ModuleAt(program_);
    address_ = SitesOf(program_).begin()->second;
  }
  std::vector<ResolvedFrame> Report() {
    FrameCache cache{FrameStore(place_)};
    const std::unique_ptr<Symbolizer> symbolizer = NewCachedSymbolizer({&module_, 1}, {}, &cache);
    const capture::Frame frame = capture::MakeFrame(module_.number, address_);
    symbolizer->Prepare({&frame, 1});
    return symbolizer->Resolve(frame);
  }

  const std::string program_ = directory_ / "program";
  capture::ModuleInfo module_;
  uint64_t address_ = 0;
};

TEST_F(StoredNamesTest, TheNextReportHasThemWithoutTheFile) {
  const std::vector<ResolvedFrame> first = Report();
  ASSERT_FALSE(first.front().file.empty());
  fs::remove(program_);
  EXPECT_EQ(Report(), first);
}

TEST_F(StoredNamesTest, NothingIsKeptOfAFileThatLackedSomething) {
  fs::remove(program_);
  Report();
  EXPECT_EQ(Files(), 0u);
  fs::copy_file(Fixture("program_pie"), program_);
  EXPECT_FALSE(Report().front().function.empty()) << "installed since";
}

}  // namespace
}  // namespace leaktrack

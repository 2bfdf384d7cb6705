// SPDX-License-Identifier: Apache-2.0
// Damaged files: whatever is wrong, there is an answer and no crash. Also runs under the
// sanitizers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/symbolize/fixture.h"

namespace leaktrack {
namespace {

class DamagedElfTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    original_ = ReadAll(Fixture(GetParam()));
    build_id_ = BuildIdOf(Fixture(GetParam()));
    for (const auto& [name, address] : SitesOf(Fixture(GetParam())))
      frames_.push_back(capture::MakeFrame(1, address));
    for (uint64_t address = 0; address < 0x6000; address += 97)
      frames_.push_back(capture::MakeFrame(1, address));
  }
  // Any answer will do.
  void Survive(const std::string& bytes) {
    const std::string path = directory_ / "damaged.so";
    WriteAll(path, bytes);
    const capture::ModuleInfo module = ModuleAt(path, build_id_);
    const auto symbolizer = NewElfSymbolizer({&module, 1});
    symbolizer->Prepare(frames_);
    for (const capture::Frame frame : frames_) EXPECT_GE(symbolizer->Resolve(frame).size(), 1u);
  }

  const TemporaryDirectory directory_;
  std::string original_, build_id_;
  std::vector<capture::Frame> frames_;
};

TEST_P(DamagedElfTest, CutOffAnywhere) {
  Survive("");
  for (size_t size = 1; size < original_.size(); size += original_.size() / 150 + 1)
    Survive(original_.substr(0, size));
}

TEST_P(DamagedElfTest, RandomBytesAnywhere) {
  std::mt19937 random(29);
  for (int round = 0; round < 150; ++round) {
    std::string bytes = original_;
    for (int i = 0; i < 1 << (round % 10); ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    Survive(bytes);
  }
}

TEST_P(DamagedElfTest, RandomBytesInTheHeadersAndInTheSectionTable) {
  std::mt19937 random(31);
  for (int round = 0; round < 150; ++round) {
    std::string bytes = original_;
    const size_t table = std::min<size_t>(bytes.size(), 40 * 64);
    for (int i = 0; i < 4; ++i) {
      bytes[random() % 1024] = static_cast<char>(random());
      bytes[bytes.size() - 1 - random() % table] = static_cast<char>(random());
    }
    Survive(bytes);
  }
}

TEST_P(DamagedElfTest, NothingButNoise) {
  std::mt19937 random(37);
  std::string bytes = original_.substr(0, 64);
  for (int i = 0; i < 20'000; ++i) bytes += static_cast<char>(random());
  Survive(bytes);
}

TEST_P(DamagedElfTest, IsReportedWithTheFile) {
  WriteAll(directory_ / "damaged.so",
           "\x7f"
           "ELF but no more");
  OneModule resolve(ModuleAt(directory_ / "damaged.so", build_id_));
  EXPECT_EQ(resolve(0x1000).at(0).function, "");
  ASSERT_EQ(resolve.symbolizer->missing().size(), 1u);
  EXPECT_NE(resolve.symbolizer->missing()[0].reason, "");
}

INSTANTIATE_TEST_SUITE_P(Dwarf, DamagedElfTest, testing::Values("libdwarf4.so", "libdwarf5.so"),
                         [](const auto& param) { return std::string(param.param).substr(3, 6); });

}  // namespace
}  // namespace leaktrack

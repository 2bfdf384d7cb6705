// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/cached_symbolizer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "tests/symbolize/fixture.h"

namespace leaktrack {
namespace {

class CachedSymbolizerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy_file(Fixture("program_pie"), program_);
    sites_ = SitesOf(program_);
    module_ = ModuleAt(program_);
  }
  std::vector<ResolvedFrame> Resolve(const capture::ModuleInfo& module, uint64_t address,
                                     FrameCache* cache) {
    const std::unique_ptr<Symbolizer> symbolizer = NewCachedSymbolizer({&module, 1}, {}, cache);
    const capture::Frame frame = capture::MakeFrame(module.number, address);
    symbolizer->Prepare({&frame, 1});
    return symbolizer->Resolve(frame);
  }

  TemporaryDirectory directory_;
  const std::string program_ = directory_ / "program";
  std::map<std::string, uint64_t> sites_;
  capture::ModuleInfo module_;
};

TEST_F(CachedSymbolizerTest, GivesTheAnswersOfTheFilesAlsoWhenTheyAreGone) {
  FrameCache cache;
  std::map<std::string, std::vector<ResolvedFrame>> first;
  for (const auto& [site, address] : sites_) {
    first[site] = Resolve(module_, address, &cache);
    EXPECT_EQ(first[site], OneModule(module_)(address)) << site;
  }
  ASSERT_FALSE(first.at("inlined").front().function.empty());
  std::filesystem::remove(program_);
  capture::ModuleInfo other = module_;
  other.number = 7;  // the number depends on the run
  for (const auto& [site, address] : sites_)
    EXPECT_EQ(Resolve(other, address, &cache), first[site]) << site;
}

TEST_F(CachedSymbolizerTest, AnotherBuildAtTheSamePathIsAnotherFile) {
  FrameCache cache;
  const uint64_t address = sites_.begin()->second;
  ASSERT_FALSE(Resolve(module_, address, &cache).front().function.empty());
  capture::ModuleInfo other = module_;
  other.build_id = "0123456789abcdef";
  EXPECT_TRUE(Resolve(other, address, &cache).front().function.empty());
}

TEST_F(CachedSymbolizerTest, WithoutABuildIdNothingIsKept) {
  FrameCache cache;
  capture::ModuleInfo nameless = module_;
  nameless.build_id.clear();
  const uint64_t address = sites_.begin()->second;
  Resolve(nameless, address, &cache);
  EXPECT_TRUE(cache.Of(program_, "").frames.empty());
}

TEST_F(CachedSymbolizerTest, WhatIsMissingIsToldOfEveryCaptureThatNeedsIt) {
  FrameCache cache;
  capture::ModuleInfo gone = module_;
  gone.path = directory_ / "gone";
  const capture::Frame frame = capture::MakeFrame(gone.number, sites_.begin()->second);
  const std::unique_ptr<Symbolizer> plain = NewElfSymbolizer({&gone, 1});
  plain->Resolve(frame);
  ASSERT_EQ(plain->missing().size(), 1u);
  for (int capture = 0; capture < 3; ++capture) {
    const std::unique_ptr<Symbolizer> cached = NewCachedSymbolizer({&gone, 1}, {}, &cache);
    EXPECT_TRUE(cached->missing().empty());
    cached->Resolve(frame);
    EXPECT_EQ(cached->missing(), plain->missing()) << capture;
  }
}

TEST_F(CachedSymbolizerTest, IsBounded) {
  FrameCache cache;
  Resolve(module_, sites_.begin()->second, &cache);
  EXPECT_FALSE(cache.Of(module_.path, module_.build_id).frames.empty());
  cache.Count(FrameCache::kMostFrames);
  cache.Trim();
  EXPECT_TRUE(cache.Of(module_.path, module_.build_id).frames.empty());
}

}  // namespace
}  // namespace leaktrack

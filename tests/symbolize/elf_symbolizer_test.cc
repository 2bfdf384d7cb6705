// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/symbolize/fixture.h"

namespace leaktrack {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// One binary with full debug information, for each compiler, DWARF version and kind of file.
class ShapesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    path_ = Fixture(GetParam());
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << "no such compiler here";
    sites_ = SitesOf(path_);
    resolve_ = std::make_unique<OneModule>(ModuleAt(path_));
  }
  void TearDown() override {
    if (resolve_ != nullptr) {
      EXPECT_THAT(resolve_->symbolizer->missing(), IsEmpty());
    }
  }
  const std::vector<ResolvedFrame>& At(const std::string& site) {
    return (*resolve_)(sites_.at(site));
  }
  void ExpectOneFrame(const std::string& site, const std::string& function,
                      const char* source = "shapes.cc") {
    ASSERT_THAT(At(site), SizeIs(1)) << site;
    EXPECT_EQ(At(site)[0].function, function);
    EXPECT_THAT(At(site)[0].file, EndsWith(source));
    EXPECT_EQ(At(site)[0].line, LineOf(site, source));
    EXPECT_FALSE(At(site)[0].inlined);
  }

  std::string path_;
  std::map<std::string, uint64_t> sites_;
  std::unique_ptr<OneModule> resolve_;
};

TEST_P(ShapesTest, InlinedCallsAreAllThereInnermostFirstEachAtItsOwnLine) {
  const std::vector<ResolvedFrame>& frames = At("inlined");
  ASSERT_THAT(frames, SizeIs(3));
  // GCC omits the linkage names of functions that exist only inlined, so they have no parameter
  // list.
  const char* functions[] = {"shapes::Inner", "shapes::Middle", "shapes::Outer(int)"};
  const char* marks[] = {"inner", "middle", "outer"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(frames[i].function, StartsWith(functions[i]));
    EXPECT_EQ(frames[i].line, LineOf(marks[i])) << functions[i];
    EXPECT_THAT(frames[i].file, EndsWith("fixture/shapes.cc"));
    EXPECT_EQ(frames[i].inlined, i < 2);
    EXPECT_EQ(frames[i].offset, sites_.at("inlined"));
    EXPECT_EQ(frames[i].module, path_);
    EXPECT_EQ(frames[i].build_id, BuildIdOf(path_));
  }
}

TEST_P(ShapesTest, TemplateNamesAreKeptInFull) {
  ExpectOneFrame("template",
                 "void shapes::Box<int>::Put<char>(std::vector<std::pair<int, char>, "
                 "std::allocator<std::pair<int, char> > > const&)");
}

TEST_P(ShapesTest, AnonymousNamespacesAndLocalClassesAreNamed) {
  ExpectOneFrame("anonymous", "shapes::(anonymous namespace)::Hidden(char const*)");
  ASSERT_THAT(At("local"), SizeIs(1));
  EXPECT_THAT(At("local")[0].function, HasSubstr("Local::Run()"));
  EXPECT_EQ(At("local")[0].line, LineOf("local"));
}

TEST_P(ShapesTest, ALambdaThatExistsOnlyInlinedHasItsParameters) {
  const std::vector<ResolvedFrame>& frames = At("lambda");
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_THAT(frames[0].function, HasSubstr("(int, char const*)"));
  EXPECT_THAT(frames[0].function, HasSubstr("operator()"));
  EXPECT_EQ(frames[1].function, "shapes::Calls(int)");
}

TEST_P(ShapesTest, CodeSplitOffAsColdBelongsToItsFunction) {
  ExpectOneFrame("cold", "shapes::Rare(int)");
}

TEST_P(ShapesTest, PlainCHasPlainNames) { ExpectOneFrame("plain_c", "PlainHelper", "plain.c"); }

TEST_P(ShapesTest, PreparingTogetherGivesTheSameAsOneByOne) {
  const capture::ModuleInfo module = ModuleAt(path_);
  const auto together = NewElfSymbolizer({&module, 1});
  std::vector<capture::Frame> frames;
  for (const auto& [name, address] : sites_) frames.push_back(capture::MakeFrame(1, address));
  together->Prepare(frames);
  for (const auto& [name, address] : sites_) {
    EXPECT_EQ(together->Resolve(capture::MakeFrame(1, address)), (*resolve_)(address)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Binaries, ShapesTest,
                         testing::Values("libdwarf5.so", "libdwarf4.so", "libsections.so",
                                         "libclang.so", "program_pie", "program_nopie"),
                         [](const auto& param) {
                           std::string name = param.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(ElfSymbolizerTest, TheColdFixtureReallyIsSplit) {
  EXPECT_THAT(RunCommand("nm -C " + Fixture("libdwarf5.so")),
              HasSubstr("shapes::Rare(int) [clone .cold]"));
}

TEST(ElfSymbolizerTest, CodeWithoutAModuleKeepsItsAddressAndHasNoName) {
  const auto symbolizer = NewElfSymbolizer({});
  const std::vector<ResolvedFrame>& frames =
      symbolizer->Resolve(capture::MakeFrame(0, 0x7f0012345678));
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(frames[0], ResolvedFrame{.offset = 0x7f0012345678});
  EXPECT_EQ(DisplayName(frames[0]), "0x7f0012345678");
  EXPECT_THAT(symbolizer->missing(), IsEmpty());
}

TEST(ElfSymbolizerTest, AModuleNumberTheCaptureDoesNotKnowIsLikeNoModule) {
  const auto symbolizer = NewElfSymbolizer({});
  EXPECT_EQ(symbolizer->Resolve(capture::MakeFrame(9, 0x1234)).at(0).offset, 0x1234u);
}

TEST(ElfSymbolizerTest, TheGapBetweenFunctionsIsNotNamedAfterTheNearestSymbol) {
  OneModule resolve(ModuleAt(Fixture("libdwarf5.so")));
  // An address in the ELF header, before every symbol.
  const std::vector<ResolvedFrame>& frames = resolve(0x40);
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(frames[0].function, "");
  EXPECT_EQ(DisplayName(frames[0]), "libdwarf5.so+0x40");
}

TEST(ElfSymbolizerTest, AModuleThatCameBackUnderAnotherNumberIsTheSameFile) {
  const std::string path = Fixture("libdwarf5.so");
  const uint64_t address = SitesOf(path).at("template");
  const capture::ModuleInfo modules[] = {ModuleAt(path), ModuleAt(path, BuildIdOf(path), 7)};
  const auto symbolizer = NewElfSymbolizer(modules);
  const capture::Frame frames[] = {capture::MakeFrame(1, address), capture::MakeFrame(7, address)};
  symbolizer->Prepare(frames);
  EXPECT_EQ(symbolizer->Resolve(frames[0]), symbolizer->Resolve(frames[1]));
  EXPECT_EQ(symbolizer->Resolve(frames[1])[0].line, LineOf("template"));
}

TEST(ElfSymbolizerTest, ResultsStayWhereTheyAreWhenMoreIsResolved) {
  const std::string path = Fixture("libdwarf5.so");
  const auto sites = SitesOf(path);
  OneModule resolve(ModuleAt(path));
  const std::vector<ResolvedFrame>* first = &resolve(sites.at("inlined"));
  for (uint64_t address = 0x1000; address < 0x1400; ++address)
    resolve.symbolizer->Prepare(std::vector{address});
  EXPECT_EQ(first, &resolve(sites.at("inlined")));
}

TEST(DisplayNameTest, IsSafeToPrint) {
  EXPECT_EQ(DisplayName({.function = "evil\x1b[2J"}), "evil\\x1b[2J");
  EXPECT_EQ(DisplayName({.module = "/lib/a\nb.so", .offset = 16}), "a\\nb.so+0x10");
}

}  // namespace
}  // namespace leaktrack

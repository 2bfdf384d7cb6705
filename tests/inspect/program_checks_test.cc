// SPDX-License-Identifier: Apache-2.0
//
// What is said of program files, on real ones: one source, compiled in every way that matters.
#include "tools/inspect/program_checks.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/inspect/temporary_directory.h"
#include "tools/inspect/elf_facts.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Variant(const std::string& name) { return std::string(LEAKTRACK_VARIANT) + name; }

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ProgramChecksTest : public testing::TemporaryDirectoryTest {
 protected:
  // The finding of one check of a program; of all checks the worst where none is named.
  static Finding Of(const std::string& program, const std::string& check) {
    const Findings findings = CheckProgramFile(program);
    const auto found = std::ranges::find(findings, check, &Finding::check);
    EXPECT_NE(found, findings.end()) << program << ": " << check;
    return found == findings.end() ? Finding{} : *found;
  }

  // A copy of the plain variant with some of its bytes exchanged.
  std::string Patched(const std::string& from, const std::string& to) {
    std::string bytes = Contents(Variant("plain"));
    const size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos);
    EXPECT_EQ(from.size(), to.size());
    if (at != std::string::npos) bytes.replace(at, from.size(), to);
    return Write("patched", bytes);
  }
};

TEST_F(ProgramChecksTest, APlainProgramPassesEveryCheck) {
  const Findings findings = CheckProgramFile(Variant("plain"));
  EXPECT_THAT(findings, SizeIs(7));
  for (const Finding& one : findings) {
    EXPECT_EQ(one.level, Level::kOk) << one.what;
    EXPECT_EQ(one.remedy, "");
  }
}

TEST_F(ProgramChecksTest, AStaticProgramCannotBePreloadedAndNothingElseIsAsked) {
  const Findings findings = CheckProgramFile(Variant("static"));
  EXPECT_EQ(findings.back().check, "linkage");
  EXPECT_EQ(findings.back().level, Level::kBlocker);
  EXPECT_THAT(findings, SizeIs(2));
}

TEST_F(ProgramChecksTest, AGoProgramIsSaidToHaveAHeapOfItsOwn) {
  EXPECT_EQ(Of(Variant("go"), "linkage").level, Level::kWarning);
  EXPECT_THAT(Of(Variant("go"), "linkage").what, HasSubstr("Go program"));
  const Finding fixed = Of(Variant("go_static"), "linkage");
  EXPECT_EQ(fixed.level, Level::kBlocker);
  EXPECT_THAT(fixed.remedy, HasSubstr("Go's own heap profile"));
}

TEST_F(ProgramChecksTest, AnAllocatorInTheProgramHidesItsBlocks) {
  EXPECT_EQ(Of(Variant("own_malloc"), "allocator").level, Level::kBlind);
  EXPECT_THAT(Of(Variant("own_malloc"), "allocator").what, HasSubstr("its own malloc"));
  EXPECT_THAT(Of(Variant("mimalloc"), "allocator").what, HasSubstr("mimalloc linked into it"));
  EXPECT_EQ(Of(Variant("rust"), "allocator").level, Level::kWarning);
  EXPECT_THAT(Of(Variant("rust"), "allocator").what, HasSubstr("jemalloc of a Rust program"));
  EXPECT_EQ(Of(Variant("tbb"), "allocator").level, Level::kWarning);
  EXPECT_THAT(Of(Variant("tbb"), "allocator").what, HasSubstr("libtbbmalloc.so.2"));
}

TEST_F(ProgramChecksTest, ASanitizerOwnsMalloc) {
  EXPECT_EQ(Of(Variant("asan"), "sanitizer").level, Level::kBlocker);
  EXPECT_THAT(Of(Variant("asan"), "sanitizer").what, HasSubstr("AddressSanitizer"));
}

TEST_F(ProgramChecksTest, WhatANameCanBeFoundByIsSaid) {
  EXPECT_THAT(Of(Variant("plain"), "symbols").what, HasSubstr("debug information"));
  EXPECT_THAT(Of(Variant("no_lines"), "symbols").what, HasSubstr("no line numbers"));
  const Finding stripped = Of(Variant("stripped"), "symbols");
  EXPECT_EQ(stripped.level, Level::kNote);
  EXPECT_THAT(stripped.remedy, HasSubstr(ReadElfFacts(Variant("stripped")).build_id));
}

TEST_F(ProgramChecksTest, AnotherLoaderIsDoubtedAndAnotherMachineABlocker) {
  const std::string glibc = "/lib64/ld-linux-x86-64.so.2";
  const std::string musl("/lib/ld-musl-x86_64.so.1\0\0\0", glibc.size());
  EXPECT_EQ(Of(Patched(glibc, musl), "libc").level, Level::kOk);
  std::string other = "/lib64/ld-other.so";
  other.resize(glibc.size(), '\0');
  EXPECT_EQ(Of(Patched(glibc, other), "libc").level, Level::kWarning);
  const std::string x86("\x03\x00\x3e\x00", 4), arm("\x03\x00\xb7\x00", 4);
  EXPECT_EQ(Of(Patched(x86, arm), "architecture").level, Level::kBlocker);
}

TEST_F(ProgramChecksTest, SetIdBitsOfAnotherUserForbidAPreload) {
  const std::string program = Write("program", Contents(Variant("plain")), 04755);
  EXPECT_EQ(Of(program, "privileges").level, Level::kOk) << "of our own they change nothing";
  if (geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  ASSERT_EQ(chown(program.c_str(), 65534, 65534), 0);
  ASSERT_EQ(chmod(program.c_str(), 04755), 0);
  EXPECT_EQ(Of(program, "privileges").level, Level::kBlocker);
  ASSERT_EQ(chmod(program.c_str(), 02755), 0);
  EXPECT_THAT(Of(program, "privileges").what, HasSubstr("setgid"));
}

TEST_F(ProgramChecksTest, WhatIsNoElfFileIsNotForbiddenButNotVouchedFor) {
  const Findings findings = CheckProgramFile(Write("script", "echo\n"));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].level, Level::kNote);
  EXPECT_THAT(findings[0].what, HasSubstr("it is unknown what runs it"));
  EXPECT_FALSE(findings[0].remedy.empty());
}

TEST_F(ProgramChecksTest, AProgramIsFoundBelowAnotherRootOrByAnotherPath) {
  Write("bin/program", Contents(Variant("static")));
  EXPECT_EQ(CheckProgramFile("/bin/program", directory_).back().check, "linkage");
  EXPECT_EQ(CheckProgramFile("/no/path", "", Variant("static")).back().check, "linkage");
}

TEST_F(ProgramChecksTest, TheFirstFindingOfALevelIsOneSentence) {
  EXPECT_THAT(FirstOf(Level::kBlocker, CheckProgramFile(Variant("static")), "/bin/x"),
              HasSubstr("/bin/x is statically linked: nothing can be preloaded; link it"));
  EXPECT_EQ(FirstOf(Level::kBlocker, CheckProgramFile(Variant("plain")), "/bin/x"), "");
}

TEST(ElfFactsOfVariantsTest, SymbolsAndSectionsAreReadAsTheyAre) {
  const ElfFacts plain = ReadElfFacts(Variant("plain")),
                 stripped = ReadElfFacts(Variant("stripped"));
  EXPECT_TRUE(plain.has_symtab && plain.has_debug_info && plain.has_dynamic);
  EXPECT_FALSE(stripped.has_symtab || stripped.has_debug_info);
  EXPECT_THAT(ReadElfFacts(Variant("static")).loader, IsEmpty());
  EXPECT_TRUE(ReadElfFacts(Variant("own_malloc")).exports_malloc);
  EXPECT_FALSE(plain.exports_malloc) << "a program that only calls malloc has none of its own";
  EXPECT_EQ(ReadElfFacts(Variant("mimalloc")).allocator, capture::Allocator::kMimalloc);
  EXPECT_TRUE(ReadElfFacts(Variant("go")).is_go);
}

}  // namespace
}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
// Where debug information is looked for, and what is said if it is not found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "tests/symbolize/fixture.h"

namespace leaktrack {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A stripped twin at app/libapp.so and its debug information at app.debug, which nothing links yet.
class SeparateDebugTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string original = Fixture("libdwarf5.so");
    sites_ = SitesOf(original);
    build_id_ = BuildIdOf(original);
    std::filesystem::create_directories(directory_ / "app");
    RunCommand("objcopy --only-keep-debug " + original + " " + debug());
    RunCommand("objcopy --strip-all " + original + " " + app());
  }

  std::string app() const { return directory_ / "app/libapp.so"; }
  std::string debug() const { return directory_ / "app.debug"; }
  void MoveDebugTo(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::filesystem::rename(debug(), path);
  }
  // Checks for lines, inline frames, and nothing missing.
  void ExpectComplete(OneModule& resolve) {
    const std::vector<ResolvedFrame>& frames = resolve(sites_.at("inlined"));
    EXPECT_THAT(resolve.symbolizer->missing(), IsEmpty());
    ASSERT_THAT(frames, SizeIs(3));
    EXPECT_THAT(frames[0].function, HasSubstr("shapes::Inner"));
    EXPECT_EQ(frames[2].line, LineOf("outer"));
  }
  void ExpectMissing(OneModule& resolve, const std::string& path, const std::string& reason) {
    EXPECT_THAT(resolve.symbolizer->missing(),
                ElementsAre(testing::AllOf(Field(&MissingSymbols::module, path),
                                           Field(&MissingSymbols::build_id, build_id_),
                                           Field(&MissingSymbols::reason, HasSubstr(reason)),
                                           Field(&MissingSymbols::hint, HasSubstr("-dbgsym")))));
  }
  void LinkDebug(const std::string& debug_file) {
    RunCommand("objcopy --add-gnu-debuglink=" + debug_file + " " + app());
  }

  const TemporaryDirectory directory_;
  std::map<std::string, uint64_t> sites_;
  std::string build_id_;
};

TEST_F(SeparateDebugTest, IsFoundByDebuglinkBesideTheFile) {
  LinkDebug(debug());
  MoveDebugTo(directory_ / "app/app.debug");
  OneModule resolve(ModuleAt(app()));
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, IsFoundByDebuglinkInDotDebug) {
  LinkDebug(debug());
  MoveDebugTo(directory_ / "app/.debug/app.debug");
  OneModule resolve(ModuleAt(app()));
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, IsFoundByBuildId) {
  MoveDebugTo(directory_ /
              ("debug/.build-id/" + build_id_.substr(0, 2) + "/" + build_id_.substr(2) + ".debug"));
  OneModule resolve(ModuleAt(app()), {.debug_dirs = {directory_ / "debug"}});
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, IsFoundInTheSysrootsDebugDirectory) {
  MoveDebugTo(directory_ / ("root/usr/lib/debug/.build-id/" + build_id_.substr(0, 2) + "/" +
                            build_id_.substr(2) + ".debug"));
  OneModule resolve(ModuleAt(app()), {.sysroot = directory_ / "root"});
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, IsFoundInDebuginfodsCacheLayout) {
  MoveDebugTo(directory_ / ("cache/" + build_id_ + "/debuginfo"));
  OneModule resolve(ModuleAt(app()), {.debug_dirs = {directory_ / "cache"}});
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, IsFoundByItsBuildIdUnderAnyName) {
  MoveDebugTo(directory_ / "pile/of/version-7");
  std::filesystem::copy_file(Fixture("libdwarf4.so"), directory_ / "pile/another");
  OneModule resolve(ModuleAt(app()), {.debug_dirs = {directory_ / "pile"}});
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, AStrippedFileIsFoundByItsBuildIdUnderAnyName) {
  std::filesystem::create_directories(directory_ / "pile");
  std::filesystem::rename(app(), directory_ / "pile/version-7.so");
  OneModule resolve(ModuleAt(app(), build_id_), {.debug_dirs = {directory_ / "pile"}});
  EXPECT_EQ(resolve(sites_.at("inlined"))[0].function, "shapes::Outer(int)");
  ExpectMissing(resolve, app(), "stripped: no line numbers");
}

TEST_F(SeparateDebugTest, IsEnoughWithoutTheFileThatRan) {
  std::filesystem::remove(app());
  MoveDebugTo(directory_ / "pile/libapp.so.debug");
  OneModule resolve(ModuleAt(app(), build_id_), {.debug_dirs = {directory_ / "pile"}});
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, OfAnotherBuildIsNotBelieved) {
  LinkDebug(debug());
  RunCommand("objcopy --only-keep-debug " + Fixture("libdwarf4.so") + " " +
             (directory_ / "app/app.debug"));
  OneModule resolve(ModuleAt(app()));
  EXPECT_THAT(resolve(sites_.at("inlined")), SizeIs(1));
  ExpectMissing(resolve, app(), "stripped");
}

TEST_F(SeparateDebugTest, WithoutItAFullyStrippedFileStillNamesWhatItExports) {
  OneModule resolve(ModuleAt(app()));
  const std::vector<ResolvedFrame>& frames = resolve(sites_.at("inlined"));
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(frames[0].function, "shapes::Outer(int)");
  EXPECT_EQ(frames[0].line, 0u);
  ExpectMissing(resolve, app(), "stripped: no line numbers");
}

TEST_F(SeparateDebugTest, WithoutItAHiddenFunctionIsModuleAndOffset) {
  OneModule resolve(ModuleAt(app()));
  const std::vector<ResolvedFrame>& frames = resolve(sites_.at("plain_c"));
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(frames[0].function, "");
  EXPECT_THAT(DisplayName(frames[0]), HasSubstr("libapp.so+0x"));
  ExpectMissing(resolve, app(), "stripped: no function names");
}

TEST_F(SeparateDebugTest, ASymbolTableAloneGivesNamesOfHiddenFunctionsToo) {
  RunCommand("objcopy --strip-debug " + Fixture("libdwarf5.so") + " " + app());
  OneModule resolve(ModuleAt(app()));
  EXPECT_EQ(resolve(sites_.at("plain_c")).at(0).function, "PlainHelper");
  EXPECT_EQ(resolve(sites_.at("cold")).at(0).function, "shapes::Rare(int) [clone .cold]");
  ExpectMissing(resolve, app(), "stripped: no line numbers");
}

TEST_F(SeparateDebugTest, MiniDebugInfoGivesNamesOfHiddenFunctions) {
  if (std::system("command -v xz >/dev/null") != 0) GTEST_SKIP() << "needs xz";
  const std::string mini = directory_ / "mini";
  RunCommand("objcopy --only-keep-debug " + Fixture("libdwarf5.so") + " " + mini +
             " && objcopy -S --remove-section .gdb_index " +
             "--remove-section .comment --keep-symbol=PlainHelper " + mini + " && xz -f " + mini +
             " && objcopy --add-section .gnu_debugdata=" + mini + ".xz " + app());
  OneModule resolve(ModuleAt(app()));
  EXPECT_EQ(resolve(sites_.at("plain_c")).at(0).function, "PlainHelper");
  ExpectMissing(resolve, app(), "stripped: no line numbers");
}

TEST_F(SeparateDebugTest, AFileThatIsGoneIsNamedWithItsBuildId) {
  std::filesystem::remove(app());
  OneModule resolve(ModuleAt(app(), build_id_));
  EXPECT_EQ(resolve(sites_.at("inlined")).at(0).function, "");
  ExpectMissing(resolve, app(), "file not found");
  EXPECT_THAT(resolve.symbolizer->missing()[0].hint,
              HasSubstr("debuginfod-find debuginfo " + build_id_));
}

TEST_F(SeparateDebugTest, AFileThatWasReplacedIsNotBelieved) {
  const std::string other = Fixture("libdwarf4.so");
  std::filesystem::copy_file(other, app(), std::filesystem::copy_options::overwrite_existing);
  OneModule resolve(ModuleAt(app(), build_id_));
  ASSERT_THAT(resolve(sites_.at("inlined")), SizeIs(1));
  EXPECT_EQ(resolve(sites_.at("inlined"))[0].function, "");
  ExpectMissing(resolve, app(), "another build (" + BuildIdOf(other) + ")");
}

TEST_F(SeparateDebugTest, ADeletedFileThatIsBackUnderItsNameIsRecognised) {
  std::filesystem::copy_file(Fixture("libdwarf5.so"), app(),
                             std::filesystem::copy_options::overwrite_existing);
  OneModule resolve(ModuleAt(app() + " (deleted)", build_id_));
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, TheRightFileInTheSysrootBeatsTheWrongOneAtThePath) {
  RunCommand("mkdir -p " + directory_.path() + "/root" + directory_.path() + "/app && cp " +
             Fixture("libdwarf5.so") + " " + directory_.path() + "/root" + app());
  std::filesystem::copy_file(Fixture("libdwarf4.so"), app(),
                             std::filesystem::copy_options::overwrite_existing);
  OneModule resolve(ModuleAt(app(), build_id_), {.sysroot = directory_ / "root"});
  ExpectComplete(resolve);
}

TEST_F(SeparateDebugTest, AModuleWithoutBuildIdIsTakenByPathAndItsDebuglinkByChecksum) {
  for (const std::string& file : {app(), debug()})
    RunCommand("objcopy --remove-section .note.gnu.build-id " + file);
  LinkDebug(debug());
  MoveDebugTo(directory_ / "app/app.debug");
  capture::ModuleInfo module = ModuleAt(app(), "");
  ASSERT_EQ(BuildIdOf(app()), "");
  OneModule doubtful(module);
  EXPECT_THAT(doubtful(sites_.at("inlined")), SizeIs(3));
  ASSERT_THAT(doubtful.symbolizer->missing(), SizeIs(1));
  EXPECT_THAT(doubtful.symbolizer->missing()[0].reason, HasSubstr("no build-id"));

  WriteAll(directory_ / "app/app.debug", ReadAll(directory_ / "app/app.debug") + "x");
  OneModule wrong_checksum(module);
  EXPECT_THAT(wrong_checksum(sites_.at("inlined")), SizeIs(1));
}

TEST_F(SeparateDebugTest, APathThatIsNoFileIsLeftAlone) {
  for (const char* path : {"[vdso]", "/dev/zero", "/proc", "", "relative"}) {
    OneModule resolve(ModuleAt(path, ""));
    EXPECT_EQ(resolve(0x1000).at(0).function, "") << path;
    EXPECT_THAT(resolve.symbolizer->missing(), SizeIs(1)) << path;
  }
}

TEST_F(SeparateDebugTest, ABuildIdThatIsNoHexNeverBecomesAPath) {
  OneModule resolve(ModuleAt(app(), "../../../../etc/passwd"), {.debug_dirs = {directory_.path()}});
  EXPECT_EQ(resolve(0x1000).at(0).function, "");
}

}  // namespace
}  // namespace leaktrack

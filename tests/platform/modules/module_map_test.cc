// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/modules/module_map.h"

#include <gtest/gtest.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <deque>
#include <string>

#include "libtrack/platform/modules/module_pins.h"
#include "libtrack/platform/os/maps_reader.h"

namespace leaktrack::track {
namespace {

constexpr uint32_t kModules = 256;

struct Tables {
  std::array<capture::ModuleEntry, kModules> entries{};
  std::atomic<uint32_t> count{0};
  std::atomic<uint32_t> generation{0};
  std::atomic<uint64_t> lost{0};

  ModuleTable table(uint32_t capacity = kModules) {
    return {.entries = entries.data(),
            .capacity = capacity,
            .count = &count,
            .generation = &generation,
            .lost = &lost};
  }
};

// Kept until the end, because the last binding outlives its test.
Tables& NewTables() {
  static std::deque<Tables> all;
  return all.emplace_back();
}

class ModuleMapTest : public testing::Test {
 protected:
  void SetUp() override { BindModuleMap(tables_.table()); }
  Tables& tables_ = NewTables();
};

TEST_F(ModuleMapTest, AgreesWithTheLoaderOnEveryModule) {
  struct Seen {
    Tables* tables;
    int modules = 0;
  } seen = {&tables_};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* out = static_cast<Seen*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
          const uint32_t module = FindModule(info->dlpi_addr + segment.p_vaddr);
          EXPECT_NE(module, 0U) << info->dlpi_name;
          EXPECT_EQ(out->tables->entries[module].bias, info->dlpi_addr) << info->dlpi_name;
          ++out->modules;
        }
        return 0;
      },
      &seen);
  EXPECT_GE(seen.modules, 4);
}

TEST_F(ModuleMapTest, KnowsPathBuildIdAndFile) {
  const uint32_t libc = FindModule(reinterpret_cast<uintptr_t>(&::getauxval));
  ASSERT_NE(libc, 0U);
  const capture::ModuleEntry& entry = tables_.entries[libc];
  EXPECT_NE(std::string(entry.path).find("libc.so.6"), std::string::npos);
  EXPECT_EQ(entry.build_id_size, 20);
  EXPECT_NE(entry.inode, 0U);
  EXPECT_EQ(entry.ready, 1);
}

TEST_F(ModuleMapTest, TheVdsoIsAModule) {
  const uint32_t vdso = FindModule(getauxval(AT_SYSINFO_EHDR));
  ASSERT_NE(vdso, 0U);
  EXPECT_STREQ(tables_.entries[vdso].path, "[vdso]");
}

TEST_F(ModuleMapTest, DataAndHeapAreInNoModule) {
  int on_stack = 0;
  EXPECT_EQ(FindModule(reinterpret_cast<uintptr_t>(&on_stack)), 0U);
  EXPECT_EQ(FindModule(reinterpret_cast<uintptr_t>(&tables_)), 0U);
  EXPECT_EQ(FindModule(0), 0U);
  EXPECT_EQ(FindModule(UINTPTR_MAX), 0U);
}

TEST_F(ModuleMapTest, ARefreshWithoutChangeKeepsNumbersAndGeneration) {
  const uint32_t count = tables_.count;
  const uint32_t generation = tables_.generation;
  const uint32_t epoch = ModuleMapEpoch();
  EXPECT_TRUE(RefreshModules(5));
  EXPECT_EQ(tables_.count, count);
  EXPECT_EQ(tables_.generation, generation);
  EXPECT_EQ(ModuleMapEpoch(), epoch);
}

// Maps a whole file at an address, executable, as a small module would be.
void* MapFile(const char* path, void* at) {
  FILE* file = fopen(path, "rb");
  if (file == nullptr) return MAP_FAILED;
  void* mapped = mmap(at, 16 << 10, PROT_READ | PROT_EXEC,
                      MAP_PRIVATE | (at == nullptr ? 0 : MAP_FIXED), fileno(file), 0);
  fclose(file);
  return mapped;
}

TEST_F(ModuleMapTest, AModuleThatComesBackToItsPlaceKeepsItsNumber) {
  void* const mapped = MapFile("/proc/self/exe", nullptr);
  ASSERT_NE(mapped, MAP_FAILED);
  ASSERT_TRUE(RefreshModules(10));
  const uint32_t number = FindModule(reinterpret_cast<uintptr_t>(mapped));
  ASSERT_NE(number, 0U);
  const uint32_t generation = tables_.generation;

  BeginUnload();
  munmap(mapped, 16 << 10);
  EndUnload(20);
  EXPECT_EQ(FindModule(reinterpret_cast<uintptr_t>(mapped)), 0U);
  EXPECT_EQ(tables_.entries[number].unloaded_ms, 20U);
  EXPECT_GT(tables_.generation, generation);

  ASSERT_EQ(MapFile("/proc/self/exe", mapped), mapped);
  ASSERT_TRUE(RefreshModules(30));
  EXPECT_EQ(FindModule(reinterpret_cast<uintptr_t>(mapped)), number);
  EXPECT_EQ(tables_.entries[number].unloaded_ms, 0U);
  munmap(mapped, 16 << 10);
}

TEST_F(ModuleMapTest, AnExecutableFileThatIsNotElfIsNoModule) {
  char path[] = "/tmp/leaktrack_module_map_XXXXXX";
  const int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  const std::string junk(20'000, 'x');
  ASSERT_EQ(write(fd, junk.data(), junk.size()), static_cast<ssize_t>(junk.size()));
  close(fd);
  void* const mapped = MapFile(path, nullptr);
  unlink(path);
  if (mapped == MAP_FAILED) GTEST_SKIP() << "/tmp is mounted noexec";
  const uint32_t count = tables_.count;
  EXPECT_TRUE(RefreshModules(1));
  EXPECT_EQ(tables_.count, count);
  munmap(mapped, 16 << 10);
}

TEST_F(ModuleMapTest, WhatFindsNoRoomIsCounted) {
  auto& small = NewTables();
  BindModuleMap(small.table(3));
  EXPECT_EQ(small.count, 2U);
  EXPECT_GE(small.lost, 1U);
}

TEST_F(ModuleMapTest, AnUnknownAddressAsksForTheMapOnce) {
  const auto address = reinterpret_cast<uintptr_t>(&tables_);
  EXPECT_EQ(RefreshForUnknown(address), UnknownAddress::kRefreshed);
  EXPECT_EQ(RefreshForUnknown(address), UnknownAddress::kKnownToBeUnknown);
}

TEST_F(ModuleMapTest, ManyUnknownAddressesAskInABurstAndThenWait) {
  const auto address = reinterpret_cast<uintptr_t>(&tables_);
  int refreshed = 0;
  while (refreshed < 10'000 &&
         RefreshForUnknown(address + (uintptr_t(refreshed) << 30)) == UnknownAddress::kRefreshed) {
    ++refreshed;
  }
  EXPECT_GE(refreshed, 16);
  EXPECT_LT(refreshed, 10'000);
}

TEST_F(ModuleMapTest, AForkedChildBindsToTablesOfItsOwn) {
  const pid_t child = fork();
  if (child == 0) {
    auto& own = NewTables();
    BindModuleMap(own.table());
    _exit(own.count > 3 && FindModule(reinterpret_cast<uintptr_t>(&::getauxval)) != 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ModulePinsTest, NoPinIsGivenInAnUnloadWindow) {
  EXPECT_TRUE(ModulePin().held());
  BeginUnload();
  EXPECT_FALSE(ModulePin().held());
  CloseUnloadWindow();
  EXPECT_TRUE(ModulePin().held());
}

TEST(ModulePinsTest, AHeldPinDelaysAnUnloaderButNotForEver) {
  const ModulePin pin;
  OpenUnloadWindow();  // it must return; otherwise the test hangs
  CloseUnloadWindow();
}

TEST(MapsReaderTest, ReadsLinesAsTheKernelWritesThem) {
  MapsLine line;
  ASSERT_TRUE(ParseMapsLine(
      "7f01b2400000-7f01b2426000 r-xp 00001000 fe:01 123456   /usr/lib/a b.so (deleted)", line));
  EXPECT_EQ(line.start, 0x7f01b2400000U);
  EXPECT_EQ(line.end, 0x7f01b2426000U);
  EXPECT_TRUE(line.readable && line.executable && !line.writable);
  EXPECT_EQ(line.offset, 0x1000U);
  EXPECT_EQ(line.device, uint64_t{0xfe} << 32 | 1);
  EXPECT_EQ(line.inode, 123456U);
  EXPECT_EQ(line.path, "/usr/lib/a b.so (deleted)");
  ASSERT_TRUE(ParseMapsLine("7ffd1000-7ffd2000 rw-p 00000000 00:00 0 ", line));
  EXPECT_EQ(line.path, "");
  EXPECT_FALSE(ParseMapsLine("", line));
  EXPECT_FALSE(ParseMapsLine("not a line", line));
  EXPECT_FALSE(ParseMapsLine("7f01b2400000-7f01b2426000 r-", line));
}

TEST(MapsReaderTest, ABufferOfOneLineGivesTheSameLines) {
  static char large[64 << 10];
  static char small[4096];  // the kernel's own unit: no line is longer than a path
  MapsReader whole(large);
  MapsReader pieces(small);
  MapsLine a;
  MapsLine b;
  int lines = 0;
  while (whole.Next(a)) {
    ASSERT_TRUE(pieces.Next(b));
    EXPECT_EQ(a.start, b.start);
    EXPECT_EQ(a.path, b.path);
    ++lines;
  }
  EXPECT_GT(lines, 10);
}

}  // namespace
}  // namespace leaktrack::track

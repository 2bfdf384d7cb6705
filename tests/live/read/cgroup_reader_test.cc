// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/cgroup_reader.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace leaktrack::live {
namespace {

namespace fs = std::filesystem;

class RecordedCgroups : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("cgroups." + std::to_string(getpid()));
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  CgroupReader Reader(int version, const std::string& mounted = "/") {
    return CgroupReader(CgroupMount{root_.string(), mounted, version});
  }
  fs::path root_;
};

TEST_F(RecordedCgroups, Version2TellsUseLimitKindsKillsAndPressure) {
  Write("pod/memory.current", "1000000\n");
  Write("pod/memory.max", "4000000\n");
  Write("pod/memory.high", "max\n");
  Write("pod/memory.stat",
        "anon 500000\nfile 400000\nkernel 5000\nsock 600\nshmem 70000\ninactive_file 200000\n"
        "active_file 100000\nslab_reclaimable 1000\n");
  Write("pod/memory.events", "low 0\noom 2\noom_kill 2\noom_group_kill 1\n");
  Write("pod/memory.oom.group", "1\n");
  Write("pod/memory.pressure", "some avg10=12.50 avg60=1.00 avg300=0.00 total=1\nfull avg10=1\n");
  const auto cgroup = Reader(2).Read("/pod");
  ASSERT_TRUE(cgroup);
  EXPECT_EQ(cgroup->current, 1'000'000);
  EXPECT_EQ(cgroup->max, 4'000'000);
  EXPECT_EQ(cgroup->high, kNoLimit);
  EXPECT_EQ(cgroup->cache, 301'000);
  EXPECT_EQ(cgroup->Held(), 699'000);
  EXPECT_EQ(cgroup->shared, 70'000);
  EXPECT_EQ(cgroup->sockets, 600);
  EXPECT_EQ(cgroup->kernel, 5'000);
  EXPECT_EQ(cgroup->oom_kills, 2);
  EXPECT_TRUE(cgroup->oom_group);
  EXPECT_EQ(cgroup->pressure, 12.5);
}

TEST_F(RecordedCgroups, Version1TellsTheSameByItsOwnNames) {
  Write("app/memory.usage_in_bytes", "1000000\n");
  Write("app/memory.limit_in_bytes", "9223372036854771712\n");
  Write("app/memory.stat",
        "rss 1\ntotal_rss 500000\ntotal_shmem 70000\ntotal_inactive_file 200000\n"
        "total_active_file 100000\n");
  Write("app/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  const auto cgroup = Reader(1).Read("/app");
  ASSERT_TRUE(cgroup);
  EXPECT_EQ(cgroup->max, kNoLimit);
  EXPECT_EQ(cgroup->anonymous, 500'000);
  EXPECT_EQ(cgroup->Held(), 700'000);
  EXPECT_EQ(cgroup->oom_kills, 3);
  EXPECT_EQ(cgroup->kernel, kUnknown);
}

TEST_F(RecordedCgroups, EveryLevelUpToTheRootIsReadOnce) {
  for (const char* folder : {"a/b/", "a/", ""})
    Write(std::string(folder) + "memory.current", "5\n");
  HostReading reading;
  ProcessReading process;
  process.cgroup = "/a/b";
  reading.processes = {process, process};
  Reader(2).ReadAll(reading);
  ASSERT_EQ(reading.cgroups.size(), 3U);
  EXPECT_FALSE(reading.unseen.no_cgroups);
}

TEST_F(RecordedCgroups, AMountOfAPartIsReadFromThere) {
  Write("inner/memory.current", "5\n");
  EXPECT_TRUE(Reader(2, "/docker/abc").Read("/docker/abc/inner"));
}

TEST_F(RecordedCgroups, NoPathLeadsOutOfTheMount) {
  Write("memory.current", "5\n");
  fs::create_directories(root_ / "x");
  EXPECT_FALSE(Reader(2).Read("/x/.."));
  EXPECT_FALSE(Reader(2).Read("/not-there"));
}

TEST(CgroupMountTest, TheMountWithTheMemoryControllerIsFound) {
  const auto hybrid = FindMemoryMount(
      "30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
      "35 31 0:32 /docker/a /sys/fs/cgroup/me\\040m rw,relatime - cgroup cgroup rw,memory\n");
  ASSERT_TRUE(hybrid);
  EXPECT_EQ(hybrid->version, 1);
  EXPECT_EQ(hybrid->folder, "/sys/fs/cgroup/me m");
  EXPECT_EQ(hybrid->root, "/docker/a");
  const auto unified = FindMemoryMount("30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 c rw\n");
  ASSERT_TRUE(unified);
  EXPECT_EQ(unified->version, 2);
  EXPECT_FALSE(FindMemoryMount("1 2 3\n - \nrubbish"));
}

}  // namespace
}  // namespace leaktrack::live

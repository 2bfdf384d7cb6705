// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/process_memory.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace leaktrack::track {
namespace {

constexpr int64_t kMiB = 1 << 20;

// A made-up /proc and cgroup tree in a temporary folder.
class FakeSystem {
 public:
  FakeSystem() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "process_memory.XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~FakeSystem() { std::filesystem::remove_all(root_); }
  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  const std::string& root() const { return root_; }
  MemoryReading Read() {
    ProcessMemoryReader reader;
    reader.Open(root_);
    MemoryReading reading;
    reader.Read(&reading);
    reader.Close();
    return reading;
  }

 private:
  std::string root_;
};

int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

TEST(ProcessMemoryTest, SeesMemoryThatTheProcessTouches) {
  ProcessMemoryReader reader;
  reader.Open();
  MemoryReading before, after;
  reader.Read(&before);
  void* block =
      mmap(nullptr, 32 * kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(block, 1, 32 * kMiB);
  reader.Read(&after);
  munmap(block, 32 * kMiB);
  reader.Close();
  // The kernel batches its counters per CPU, so the test allows 1 MiB.
  EXPECT_GE(after.rss - before.rss, 31 * kMiB);
  EXPECT_GE(after.anonymous - before.anonymous, 31 * kMiB);
  EXPECT_GT(after.file, 0);
  EXPECT_GT(after.stack, 0);
  EXPECT_GT(after.machine_total, 64 * kMiB);
  EXPECT_GT(after.machine_available, 0);
  EXPECT_LE(after.machine_available, after.machine_total);
}

TEST(ProcessMemoryTest, KeepsTellingFromAThreadWhenAnotherOpenedIt) {
  ProcessMemoryReader reader;
  reader.Open();
  MemoryReading reading;
  std::thread([&] { reader.Read(&reading); }).join();
  reader.Close();
  EXPECT_GT(reading.rss, 0);
}

TEST(ProcessMemoryTest, TellsTheAddressSpaceLimit) {
  rlimit old{};
  getrlimit(RLIMIT_AS, &old);
  MemoryReading unlimited, limited;
  ProcessMemoryReader reader;
  reader.Read(&unlimited);
  rlimit low = old;
  low.rlim_cur = rlim_t{1} << 40;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &low), 0);
  reader.Read(&limited);
  setrlimit(RLIMIT_AS, &old);
  EXPECT_EQ(limited.rlimit_as, int64_t{1} << 40);
  if (old.rlim_cur == RLIM_INFINITY) {
    EXPECT_EQ(unlimited.rlimit_as, kMemoryNotKnown);
  }
}

TEST(ProcessMemoryTest, LeavesNoDescriptorBehind) {
  const int before = OpenDescriptors();
  ProcessMemoryReader reader;
  MemoryReading reading;
  for (int i = 0; i < 3; ++i) {
    reader.Open();
    reader.Read(&reading);
  }
  reader.Close();
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(ProcessMemoryTest, SaysNotKnownWhereTheSystemIsSilent) {
  FakeSystem system;
  const MemoryReading reading = system.Read();
  for (int64_t value :
       {reading.rss, reading.anonymous, reading.swap, reading.cgroup_current, reading.cgroup_max,
        reading.machine_total, reading.oom_kills, reading.psi_some_total_us})
    EXPECT_EQ(value, kMemoryNotKnown);
}

TEST(ProcessMemoryTest, ReadsACgroupOfVersion2) {
  FakeSystem system;
  system.Write("/proc/self/cgroup", "0::/pod/app\n");
  system.Write("/proc/self/mountinfo",
               "24 1 0:5 / /proc rw - proc proc rw\n31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 "
               "- cgroup2 cgroup2 rw\n");
  system.Write("/sys/fs/cgroup/pod/app/memory.current", "1234567\n");
  system.Write("/sys/fs/cgroup/pod/app/memory.max", "7654321\n");
  system.Write("/sys/fs/cgroup/pod/app/memory.events",
               "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n");
  system.Write("/sys/fs/cgroup/pod/app/memory.pressure",
               "some avg10=0.00 avg60=1.00 avg300=2.00 total=987\nfull total=1\n");
  system.Write("/sys/fs/cgroup/pod/app/memory.stat",
               "anon 5\nfile 90\nshmem 7\ninactive_file 30\nactive_file 12\n");
  const MemoryReading reading = system.Read();
  EXPECT_EQ(reading.cgroup_reclaimable, 42);
  EXPECT_EQ(reading.cgroup_current, 1234567);
  EXPECT_EQ(reading.cgroup_max, 7654321);
  EXPECT_EQ(reading.oom_kills, 4);
  EXPECT_EQ(reading.psi_some_total_us, 987);
}

TEST(ProcessMemoryTest, TakesTheTightestLevelWhenTheContainerItselfHasNoLimit) {
  FakeSystem system;
  system.Write("/proc/self/cgroup", "0::/pod/app\n");
  system.Write("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  system.Write("/sys/fs/cgroup/pod/app/memory.current", "1\n");
  system.Write("/sys/fs/cgroup/pod/app/memory.max", "max\n");
  system.Write("/sys/fs/cgroup/pod/memory.current", "500\n");
  system.Write("/sys/fs/cgroup/pod/memory.max", "1000\n");
  const MemoryReading reading = system.Read();
  EXPECT_EQ(reading.cgroup_current, 500);
  EXPECT_EQ(reading.cgroup_max, 1000);
}

TEST(ProcessMemoryTest, UnlimitedIsNotKnownButUsageIs) {
  FakeSystem system;
  system.Write("/proc/self/cgroup", "0::/app\n");
  system.Write("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  system.Write("/sys/fs/cgroup/app/memory.current", "77\n");
  system.Write("/sys/fs/cgroup/app/memory.max", "max\n");
  const MemoryReading reading = system.Read();
  EXPECT_EQ(reading.cgroup_current, 77);
  EXPECT_EQ(reading.cgroup_max, kMemoryNotKnown);
}

TEST(ProcessMemoryTest, ReadsACgroupOfVersion1BesideAnEmptyVersion2) {
  FakeSystem system;
  system.Write("/proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/box/one\n0::/\n");
  system.Write("/proc/self/mountinfo",
               "31 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
               "33 31 0:32 /box /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  system.Write("/sys/fs/cgroup/memory/one/memory.usage_in_bytes", "11\n");
  system.Write("/sys/fs/cgroup/memory/one/memory.limit_in_bytes", "22\n");
  system.Write("/sys/fs/cgroup/memory/one/memory.oom_control",
               "oom_kill_disable 0\nunder_oom 0\noom_kill 6\n");
  system.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  system.Write("/sys/fs/cgroup/memory/one/memory.stat",
               "active_file 1\ntotal_inactive_file 3\ntotal_active_file 4\n");
  const MemoryReading reading = system.Read();
  EXPECT_EQ(reading.cgroup_reclaimable, 7);
  EXPECT_EQ(reading.cgroup_current, 11);
  EXPECT_EQ(reading.cgroup_max, 22);
  EXPECT_EQ(reading.oom_kills, 6);
  EXPECT_EQ(reading.psi_some_total_us, kMemoryNotKnown);
}

TEST(ProcessMemoryTest, TellsWhichCgroupItIsInWhichLevelLimitsItAndWhatWasKilledThere) {
  FakeSystem system;
  system.Write("/proc/self/cgroup", "4:memory:/box/pod/app\n");
  system.Write("/proc/self/mountinfo",
               "33 31 0:32 /box /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  system.Write("/sys/fs/cgroup/memory/pod/app/memory.limit_in_bytes", "9223372036854771712\n");
  system.Write("/sys/fs/cgroup/memory/pod/app/memory.oom_control", "oom_kill 6\n");
  system.Write("/sys/fs/cgroup/memory/pod/memory.limit_in_bytes", "22\n");
  system.Write("/sys/fs/cgroup/memory/pod/memory.oom_control", "oom_kill 0\n");
  ProcessMemoryReader reader;
  reader.Open(system.root());
  capture::CgroupFacts facts;
  reader.Describe(&facts);
  reader.Close();
  EXPECT_STREQ(facts.name, "/box/pod/app");
  EXPECT_EQ(facts.folder, system.root() + "/sys/fs/cgroup/memory/pod/app");
  EXPECT_EQ(facts.level_cut, 4U);
  EXPECT_EQ(facts.oom_kills_before, 6);
  EXPECT_NE(facts.id, 0U);
  EXPECT_EQ(system.Read().oom_kills, 6);  // version 1 counts them in the victim's cgroup alone
}

TEST(ProcessMemoryTest, InANamespaceThatHidesThePathTheMountPointIsTheCgroup) {
  FakeSystem system;
  system.Write("/proc/self/cgroup", "0::/../../outside\n");
  system.Write("/proc/self/mountinfo",
               "31 23 0:28 /elsewhere /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  system.Write("/sys/fs/cgroup/memory.current", "5\n");
  system.Write("/sys/fs/cgroup/memory.max", "9\n");
  const MemoryReading reading = system.Read();
  EXPECT_EQ(reading.cgroup_current, 5);
  EXPECT_EQ(reading.cgroup_max, 9);
}

TEST(ProcessMemoryTest, FindsItsMountBehindLinesLongerThanTheBuffer) {
  FakeSystem system;
  system.Write("/proc/self/cgroup", "0::/\n");
  system.Write("/proc/self/mountinfo",
               "9 1 0:9 / /overlay rw - overlay overlay rw,lowerdir=" + std::string(20000, 'x') +
                   "\n31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  system.Write("/sys/fs/cgroup/memory.current", "5\n");
  EXPECT_EQ(system.Read().cgroup_current, 5);
}

TEST(ProcessMemoryTest, NoisyFilesAreNotNumbers) {
  FakeSystem system;
  system.Write("/proc/thread-self/status",
               "VmRSS:\t  12x4 kB\nRssAnon:\t99999999999999999999999 kB\nVmSwap:\t8 kB");
  const MemoryReading reading = system.Read();
  EXPECT_EQ(reading.rss, kMemoryNotKnown);
  EXPECT_EQ(reading.anonymous, kMemoryNotKnown);
  EXPECT_EQ(reading.swap, 8192);
}

}  // namespace
}  // namespace leaktrack::track

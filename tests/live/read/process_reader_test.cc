// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/process_reader.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tools/live/read/host_reader.h"

namespace leaktrack::live {
namespace {

namespace fs = std::filesystem;

class RecordedProc : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("proc." + std::to_string(getpid()));
    fs::create_directories(root_);
    Write("uptime", "5000.25 100.0\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  void AddProcess(int pid, const std::string& name, const std::string& memory) {
    const std::string folder = std::to_string(pid) + "/";
    std::string stat = std::to_string(pid) + " (" + name + ") S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0";
    Write(folder + "stat", stat + " 3 0 400000 1000 100\n");
    Write(folder + "status", "Name:\tx\nUid:\t33\t33\t33\t33\nThreads:\t3\n" + memory);
    Write(folder + "cgroup", "4:cpu,memory:/one\n0::/two\n");
  }

  HostReading Read(bool memory_controller = true) {
    HostReading reading;
    ProcessReader(root_.string()).ReadAll(memory_controller, reading);
    return reading;
  }

  fs::path root_;
};

constexpr char kMemory[] =
    "VmRSS:\t   300 kB\nRssAnon:\t 100 kB\nRssFile:\t 150 kB\nRssShmem:\t 50 kB\nVmSwap:\t 8 kB\n";

TEST_F(RecordedProc, TellsMemoryAgeOwnerAndCgroup) {
  AddProcess(42, "service", kMemory);
  const HostReading reading = Read();
  ASSERT_EQ(reading.processes.size(), 1U);
  const ProcessReading& process = reading.processes.front();
  EXPECT_EQ(process.key.pid, 42);
  EXPECT_EQ(process.name, "service");
  EXPECT_EQ(process.uid, 33U);
  EXPECT_EQ(process.anonymous, 100 << 10);
  EXPECT_EQ(process.Held(), (100 + 50 + 8) << 10);
  EXPECT_EQ(process.threads, 3);
  EXPECT_EQ(process.cgroup, "/one");
  EXPECT_NEAR(process.age_seconds, 5000.25 - 400000. / static_cast<double>(sysconf(_SC_CLK_TCK)),
              .01);
  EXPECT_EQ(Read(false).processes.front().cgroup, "/two");
}

TEST_F(RecordedProc, ANameWithBracketsBlanksAndEscapesShiftsNothing) {
  AddProcess(7, "a) R 99 (\x1b[31m", kMemory);
  const HostReading reading = Read();
  ASSERT_EQ(reading.processes.size(), 1U);
  EXPECT_EQ(reading.processes.front().name, "a) R 99 (\x1b[31m");
  EXPECT_EQ(reading.processes.front().key.start_ticks, 400000U);
}

TEST_F(RecordedProc, KernelThreadsAreNoProcessesAndVanishedOnesAreCounted) {
  AddProcess(2, "kthreadd", "");
  Write("9/comm", "gone");  // neither stat nor status
  Write("self", "");
  const HostReading reading = Read();
  EXPECT_TRUE(reading.processes.empty());
  EXPECT_EQ(reading.unseen.processes, 1U);
}

TEST_F(RecordedProc, TruncatedAndForeignFilesAreNoCrash) {
  AddProcess(3, "x", kMemory);
  Write("3/stat", "3 (x");
  AddProcess(4, "y", "VmRSS:\nRssAnon: many kB\n");
  EXPECT_TRUE(Read().processes.empty());
}

TEST(MappedTest, SumsResidentBytesByWhatTheyAreFor) {
  const std::string smaps =
      "55d000000000-55d000100000 rw-p 00000000 00:00 0   [heap]\nRss:   10 kB\nPss:   10 kB\n"
      "7f4000000000-7f4000021000 rw-p 00000000 00:00 0 \nRss:   20 kB\nPss:   20 kB\n"
      "7f5000001000-7f5000021000 rw-p 00000000 00:00 0 \nRss:   40 kB\nPss:   40 kB\n"
      "7f6000000000-7f6000001000 r-xp 00000000 08:01 12  /usr/lib/lib c.so\nRss:  80 kB\nPss:  8 "
      "kB\n"
      "7f7000001000-7f7000002000 rw-s 00000000 00:05 3   /memfd:x (deleted)\nRss: 160 kB\nPss: 80 "
      "kB\n"
      "7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0   [stack]\nRss:  320 kB\nPss: 320 kB\n";
  const MappedBytes bytes = MappedIn(smaps);
  EXPECT_EQ(bytes.heap, 30 << 10);
  EXPECT_EQ(bytes.mappings, 40 << 10);
  EXPECT_EQ(bytes.files, 80 << 10);
  EXPECT_EQ(bytes.shared, 160 << 10);
  EXPECT_EQ(bytes.stacks, 320 << 10);
  EXPECT_EQ(bytes.pss, 478 << 10);
}

TEST(HostReaderTest, SeesThisVeryProcessItsCgroupAndTheMachine) {
  HostReader reader;
  HostReading reading = reader.Read();
  const auto self = std::ranges::find_if(
      reading.processes, [](const ProcessReading& one) { return one.key.pid == getpid(); });
  ASSERT_NE(self, reading.processes.end());
  EXPECT_GT(self->resident, 1 << 20);
  EXPECT_GT(reading.machine.total, reading.machine.available);
  const ProcessKey key = self->key;
  reading = reader.Read({key});
  const auto again = std::ranges::find(reading.processes, key, &ProcessReading::key);
  ASSERT_TRUE(again->closely);
  EXPECT_GT(again->closely->heap + again->closely->mappings, 0);
  EXPECT_GT(again->closely->descriptors, 2);
}

}  // namespace
}  // namespace leaktrack::live

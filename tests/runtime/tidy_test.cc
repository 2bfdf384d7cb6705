// SPDX-License-Identifier: Apache-2.0
//
// What a start makes of what others left in /dev/shm: made-up recorders in a tmpfs of the test's
// own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "libtrack/platform/os/clock.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/run_start.h"

namespace leaktrack::track {
namespace {

using capture::RunState;

constexpr uint32_t kOwnerDied = 0x4000'0000;
constexpr uint32_t kSomeThread = 4711;

// A recorder's header as this boot and namespace would have it.
struct Header : std::unique_ptr<capture::RecorderHeader> {
  Header() : unique_ptr(std::make_unique<capture::RecorderHeader>()) {
    capture::RecorderHeader& header = **this;
    header.magic = capture::kRecorderMagic;
    header.version = capture::kRecorderVersion;
    header.pid = 999'999;
    header.pid_namespace = 5;
    header.boot_id[0] = 9;
    header.start_ticks = 100;
    header.run_id = 1;
    header.start_realtime_ns = RealtimeNs();
    header.owner = kSomeThread;
    header.state = static_cast<uint32_t>(RunState::kRunning);
  }
  Header& State(RunState state) {
    (*this)->state = static_cast<uint32_t>(state);
    return *this;
  }
  Header& Folded() {
    (*this)->folded = 1;
    return *this;
  }
  Header& OwnerDied() {
    (*this)->owner = kSomeThread | kOwnerDied;
    return *this;
  }
};

class TidyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    may_mount_ =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }
  void SetUp() override {
    if (!may_mount_ || mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=4m") != 0)
      GTEST_SKIP() << "may not mount a tmpfs here";
    mine_->run_id = 2;
    mine_->pid = 4242;
    UseImage({.base = reinterpret_cast<char*>(mine_.get())}, 0);
  }
  void TearDown() override {
    UseImage({}, 0);
    if (may_mount_) umount2("/dev/shm", MNT_DETACH);
  }

  static std::string PathOf(const std::string& name) { return "/dev/shm/" + name; }
  static std::string NameOf(const std::string& middle) {
    return "leaktrack." + middle + "." + std::to_string(geteuid()) + ".ltr";
  }
  // The file is as long as `bytes`, all of it there.
  static std::string Leave(const std::string& middle, const Header& header, size_t bytes = 0) {
    const std::string name = NameOf(middle);
    std::ofstream file(PathOf(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(header.get()), sizeof(*header));
    for (size_t at = sizeof(*header); at < bytes; ++at) file.put(1);
    return name;
  }
  static void MakeOld(const std::string& name) {
    const timespec long_ago[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    utimensat(AT_FDCWD, PathOf(name).c_str(), long_ago, AT_SYMLINK_NOFOLLOW);
  }
  static std::set<std::string> Names() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
      names.insert(entry.path().filename().string());
    return names;
  }
  static RunState StateIn(const std::string& name) {
    const auto header = std::make_unique<capture::RecorderHeader>();
    std::ifstream(PathOf(name), std::ios::binary)
        .read(reinterpret_cast<char*>(header.get()), sizeof(*header));
    return static_cast<RunState>(header->state.load());
  }

  static inline bool may_mount_ = false;
  Header mine_;
};

using Set = std::set<std::string>;

TEST_F(TidyTest, WhatIsInItsCaptureAndHasNoOwnerGoes) {
  Leave("1.exited", Header().Folded().State(RunState::kExited));
  Leave("2.killed", Header().Folded().OwnerDied());
  const std::string unread = Leave("3.unread", Header().OwnerDied());
  const std::string alive = Leave("4.alive", Header().Folded());
  TidyRecorders();
  EXPECT_EQ(Names(), (Set{unread, alive}));
}

TEST_F(TidyTest, OfARunWithoutADrainerThePidTells) {
  Header gone, alive, elsewhere;
  gone->owner = alive->owner = elsewhere->owner = 0;
  alive->pid = static_cast<uint32_t>(getpid());
  elsewhere->pid_namespace = 6;
  Leave("1.gone", gone.Folded());
  const Set stay = {Leave("2.alive", alive.Folded()), Leave("3.elsewhere", elsewhere.Folded())};
  TidyRecorders();
  EXPECT_EQ(Names(), stay);
}

TEST_F(TidyTest, WhatNeverCameToRunGoesAfterTenMinutes) {
  Header no_magic;
  no_magic->magic = 0;
  for (const char* age : {"old", "new"}) {
    const std::string begun = Leave(std::string("1.") + age, Header().State(RunState::kStarting));
    const std::string blank = Leave(std::string("2.") + age, no_magic);
    const std::string empty = NameOf(std::string("3.") + age);
    std::ofstream(PathOf(empty)).flush();
    if (age == std::string("old")) {
      for (const std::string& name : {begun, blank, empty}) MakeOld(name);
    }
  }
  TidyRecorders();
  EXPECT_EQ(Names(), (Set{NameOf("1.new"), NameOf("2.new"), NameOf("3.new")}));
}

TEST_F(TidyTest, WhatIsNotOursToJudgeStays) {
  Header damaged, newer;
  damaged->magic = 0x1234;
  newer->version = capture::kRecorderVersion + 1;
  Set stay = {Leave("1.damaged", damaged.Folded().OwnerDied()),
              Leave("2.newer", newer.Folded().OwnerDied())};
  const std::string theirs = "leaktrack.3.theirs.77777.ltr", other = "somebody.elses.file";
  for (const std::string& name : {theirs, other}) {
    std::ofstream(PathOf(name)) << "x";
    MakeOld(name);
    stay.insert(name);
  }
  TidyRecorders();
  EXPECT_EQ(Names(), stay);
}

TEST_F(TidyTest, AFileOfAnotherUserUnderOurNameIsLeftAlone) {
  const std::string name = Leave("1.x", Header().Folded().OwnerDied());
  ASSERT_EQ(chown(PathOf(name).c_str(), 12'345, 12'345), 0);
  TidyRecorders();
  EXPECT_EQ(Names(), Set{name});
}

TEST_F(TidyTest, LinksAreNotFollowedAndFifosNotWaitedFor) {
  const std::string target = "/dev/shm/target", link = NameOf("1.link"), fifo = NameOf("2.fifo");
  std::ofstream(target).flush();
  ASSERT_EQ(symlink(target.c_str(), PathOf(link).c_str()), 0);
  ASSERT_EQ(mkfifo(PathOf(fifo).c_str(), 0600), 0);
  MakeOld("target");
  MakeOld(fifo);
  TidyRecorders();
  EXPECT_EQ(Names(), (Set{"target", link, fifo}));
}

TEST_F(TidyTest, TheRecorderOfTheProgramThatThisOneReplacedIsMarkedSo) {
  mine_->start_ticks = 100;
  mine_->pid_namespace = 5;
  mine_->boot_id[0] = 9;
  Header before, namesake;
  before->pid = namesake->pid = mine_->pid;
  namesake->start_ticks = 99;  // its number came again
  const std::string replaced = Leave("4242.1", before), other = Leave("4242.2", namesake);
  TidyRecorders();
  EXPECT_EQ(StateIn(replaced), RunState::kExec);
  EXPECT_EQ(StateIn(other), RunState::kRunning);
  Leave("4242.1", before.Folded());
  TidyRecorders();
  EXPECT_EQ(Names(), Set{other}) << "once it is folded nobody needs it";
}

TEST_F(TidyTest, AnExecMayHaveFailedUntilSomeTimeHasPassed) {
  Header now, long_ago;
  for (Header* header : {&now, &long_ago}) (*header)->owner = 0;
  now->start_monotonic_ns = MonotonicCoarseNs();
  long_ago->start_monotonic_ns = MonotonicCoarseNs() - 60'000'000'000;
  const std::string just = Leave("1.now", now.Folded().State(RunState::kExec));
  Leave("2.long", long_ago.Folded().State(RunState::kExec));
  TidyRecorders();
  EXPECT_EQ(Names(), Set{just});
}

TEST_F(TidyTest, OfWhatNobodyHasReadTheLatestStay) {
  std::string latest;
  for (int i = 1; i <= 4; ++i) {
    Header header;
    header.OwnerDied()->start_realtime_ns = i;
    latest = Leave(std::to_string(i) + ".unread", header, 600 << 10);
  }
  TidyRecorders();
  EXPECT_EQ(Names(), Set{latest}) << "a quarter of the tmpfs is 1 MiB, which holds one";
}

TEST_F(TidyTest, ALastOneStaysHoweverLargeItIs) {
  const std::string large = Leave("1.large", Header().OwnerDied(), 2 << 20);
  TidyRecorders();
  EXPECT_EQ(Names(), Set{large});
}

TEST_F(TidyTest, AForkedWorkerLooksOnlyWhereTheTmpfsIsInUse) {
  mine_->parent_run_id = 77;
  const std::string exited = Leave("1.exited", Header().Folded().State(RunState::kExited));
  TidyRecorders();
  EXPECT_EQ(Names(), Set{exited});
  const std::string large = Leave("2.large", Header(), 2 << 20);
  TidyRecorders();
  EXPECT_EQ(Names(), Set{large});
}

TEST_F(TidyTest, AStartLooksAtSoManyAndTheNextOneAtOthers) {
  for (int i = 0; i < 40; ++i)
    Leave(std::to_string(i) + ".exited", Header().Folded().State(RunState::kExited));
  TidyRecorders();
  const size_t left = Names().size();
  EXPECT_GE(left, 24u) << "at most 16 files are opened";
  EXPECT_LT(left, 40u);
  for (int i = 0; i < 10; ++i) TidyRecorders();
  EXPECT_EQ(Names(), Set{});
}

}  // namespace
}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/oom_evidence.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace leaktrack::capture {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

void Put(const std::string& text, char (&to)[kCgroupBytes]) {
  memset(to, 0, sizeof to);
  memcpy(to, text.data(), text.size());
}

// Began at second 1,000 of the boot, gave its last sign of life at 1,100.
DeadRun SomeRun() {
  DeadRun run;
  run.pid = 16594;
  run.pid_is_global = true;
  run.program = "hog";
  run.start_realtime_ns = 1'700'000'000 * kSecondNs;
  run.start_monotonic_ns = 1000 * kSecondNs;
  run.last_sign_ns = 1100 * kSecondNs;
  return run;
}

std::vector<KernelMessage> Messages(const std::vector<std::string>& texts) {
  std::vector<KernelMessage> log = {{5, "Linux version 6.1"}};
  for (const std::string& text : texts) log.push_back({1'100'400'000, text});
  return log;
}

// As Linux 6.18 has written it.
std::vector<std::string> KillByLimit() {
  return {"hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
          "memory: usage 30720kB, limit 30720kB, failcnt 84",
          "memory+swap: usage 30720kB, limit 9007199254740988kB, failcnt 0",
          "Memory cgroup stats for /pod:",
          "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
          "oom_memcg=/pod,task_memcg=/pod/inner,task=hog,pid=16594,uid=0",
          "Memory cgroup out of memory: Killed process 16594 (hog) total-vm:33316kB, "
          "anon-rss:30464kB, file-rss:976kB, shmem-rss:0kB, UID:0 pgtables:112kB oom_score_adj:0"};
}

TEST(OomEvidenceTest, TheLogNamesTheLimitTheLevelAndTheMoment) {
  const auto found = OomKillInLog(SomeRun(), Messages(KillByLimit()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->by, OomWitness::kKernelLog);
  EXPECT_EQ(found->scope, OomScope::kCgroup);
  EXPECT_STREQ(found->cgroup, "/pod");
  EXPECT_EQ(found->limit_bytes, 30720 * 1024);
  EXPECT_EQ(found->realtime_ns, 1'700'000'000 * kSecondNs + 100'400'000'000);
}

TEST(OomEvidenceTest, AProcessThatDiedWithItsGroupIsNoVictimOfItsOwnNeed) {
  std::vector<std::string> texts = KillByLimit();
  texts.emplace_back("Tasks in /pod are going to be killed due to memory.oom.group set");
  texts.emplace_back("Memory cgroup out of memory: Killed process 16600 (other) total-vm:1kB");
  DeadRun run = SomeRun();
  run.pid = 16600;
  const auto found = OomKillInLog(run, Messages(texts));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->scope, OomScope::kGroup);
  EXPECT_STREQ(found->cgroup, "/pod");
  EXPECT_EQ(OomKillInLog(SomeRun(), Messages(texts))->scope, OomScope::kGroup)
      << "the first of them is killed before the kernel says that it is a group";
}

TEST(OomEvidenceTest, AMachineWithoutMemoryIsNoCgroupsLimit) {
  const auto found = OomKillInLog(
      SomeRun(),
      Messages({"hog invoked oom-killer: gfp_mask=0xcc0",
                "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,"
                "global_oom,task_memcg=/pod,task=hog,pid=16594,uid=0",
                "Out of memory: Killed process 16594 (hog) total-vm:33316kB"}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->scope, OomScope::kMachine);
  EXPECT_STREQ(found->cgroup, "");
  EXPECT_EQ(found->limit_bytes, -1);
}

TEST(OomEvidenceTest, ALimitOfAnEarlierEventIsNotThatOfTheNext) {
  std::vector<std::string> texts = KillByLimit();
  texts.emplace_back("other invoked oom-killer: gfp_mask=0xcc0");
  texts.emplace_back("Out of memory: Killed process 77 (other) total-vm:33316kB");
  DeadRun run = SomeRun();
  run.pid = 77;
  const auto found = OomKillInLog(run, Messages(texts));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->scope, OomScope::kMachine);
  EXPECT_EQ(found->limit_bytes, -1);
}

TEST(OomEvidenceTest, ALogThatCoversTheEndAndDoesNotNameTheProcessSpeaksAgainstIt) {
  DeadRun run = SomeRun();
  run.pid = 4;
  EXPECT_FALSE(OomKillInLog(run, Messages(KillByLimit())));
  EXPECT_TRUE(LogCovers(run, Messages(KillByLimit())));
  EXPECT_FALSE(LogCovers(run, {}));
  EXPECT_FALSE(LogCovers(run, {{1'100'000'000, "the first that is left"}}));
}

TEST(OomEvidenceTest, AnEarlierProcessOfTheSameNumberIsAnother) {
  std::vector<KernelMessage> log = Messages(KillByLimit());
  for (KernelMessage& message : log) message.microseconds = 900'000'000;
  EXPECT_FALSE(OomKillInLog(SomeRun(), log));
}

TEST(OomEvidenceTest, OfAnotherNamespaceNameAndTimeDecideUnlessTwoHaveBoth) {
  DeadRun run = SomeRun();
  run.pid_is_global = false;
  run.pid = 1;
  EXPECT_TRUE(OomKillInLog(run, Messages(KillByLimit())));
  std::vector<std::string> twice = KillByLimit();
  twice.emplace_back("Memory cgroup out of memory: Killed process 9 (hog) total-vm:1kB");
  EXPECT_FALSE(OomKillInLog(run, Messages(twice)));
}

TEST(OomEvidenceTest, OnlyTheKernelItselfIsBelieved) {
  const std::string text = "Memory cgroup out of memory: Killed process 16594 (hog) total-vm:1kB";
  EXPECT_TRUE(ParseKernelRecord("3,35326,27701325426,-;" + text + "\n SUBSYSTEM=x"));
  EXPECT_EQ(ParseKernelRecord("3,35326,27701325426,-;" + text + "\n SUBSYSTEM=x")->text, text);
  EXPECT_FALSE(ParseKernelRecord("11,35326,27701325426,-;" + text));  // a user's program
}

TEST(OomEvidenceTest, RecordsThatAreNoRecordsSayNothing) {
  for (const char* text : {"", ";", ",;", "3;x", "3,1;x", "3,,;x", "-3,1,1,-;x", "3,1,-7,-;x",
                           "3,1,99999999999999999999,-;x"})
    EXPECT_FALSE(ParseKernelRecord(text)) << text;
}

// A cgroup's folder that was made up.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "oom.XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(root_ + "/cg/pod/app");
  }
  ~Folder() { std::filesystem::remove_all(root_); }
  void Write(const std::string& path, const std::string& text) const {
    std::ofstream(root_ + path) << text;
  }
  DeadRun Run(const std::string& events, int64_t kills_before) const {
    DeadRun run = SomeRun();
    struct stat info {};
    stat((root_ + "/cg/pod/app" + events).c_str(), &info);
    Put("/cg/pod/app", run.cgroup.folder);
    Put("/k/pod/app", run.cgroup.name);
    run.cgroup.level_cut = 4;
    run.cgroup.id = info.st_ino;
    run.cgroup.oom_kills_before = kills_before;
    return run;
  }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

TEST(OomEvidenceTest, ACountThatHasRisenAtTheLimitIsAKillByIt) {
  const Folder folder;
  folder.Write("/cg/pod/app/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  folder.Write("/cg/pod/memory.limit_in_bytes", "1000000\n");
  folder.Write("/cg/pod/memory.max_usage_in_bytes", "1000000\n");
  DeadRun run = folder.Run("/memory.oom_control", 2);
  run.ended_ns = run.last_sign_ns + kSecondNs / 2;
  const auto found = OomKillByCounter(run, run.ended_ns + kSecondNs, folder.root());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->by, OomWitness::kCgroupCounter);
  EXPECT_EQ(found->scope, OomScope::kCgroup);
  EXPECT_STREQ(found->cgroup, "/k/pod");
  EXPECT_EQ(found->limit_bytes, 1000000);
  EXPECT_EQ(found->realtime_ns, run.start_realtime_ns + 100'500'000'000);
}

TEST(OomEvidenceTest, TheCounterOfVersionTwoKnowsGroups) {
  const Folder folder;
  folder.Write("/cg/pod/app/memory.events", "low 0\noom 1\noom_kill 1\noom_group_kill 1\n");
  folder.Write("/cg/pod/memory.max", "1000000\n");
  folder.Write("/cg/pod/memory.oom.group", "1\n");
  const DeadRun run = folder.Run("/memory.events", 0);
  const auto found = OomKillByCounter(run, run.last_sign_ns + kSecondNs, folder.root());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->scope, OomScope::kGroup);
}

TEST(OomEvidenceTest, AKillFarBelowTheLimitWasTheMachines) {
  const Folder folder;
  folder.Write("/cg/pod/app/memory.oom_control", "oom_kill 1\n");
  folder.Write("/cg/pod/memory.limit_in_bytes", "1000000\n");
  folder.Write("/cg/pod/memory.max_usage_in_bytes", "500000\n");
  const DeadRun run = folder.Run("/memory.oom_control", 0);
  const auto found = OomKillByCounter(run, run.last_sign_ns + kSecondNs, folder.root());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->scope, OomScope::kMachine);
}

TEST(OomEvidenceTest, NothingIsSaidOfACountThatStoodOfAnotherCgroupOrLongAfter) {
  const Folder folder;
  folder.Write("/cg/pod/app/memory.oom_control", "oom_kill 2\n");
  const DeadRun stood = folder.Run("/memory.oom_control", 2);
  const int64_t soon = stood.last_sign_ns + kSecondNs;
  EXPECT_FALSE(OomKillByCounter(stood, soon, folder.root()));
  DeadRun risen = folder.Run("/memory.oom_control", 1);
  EXPECT_TRUE(OomKillByCounter(risen, soon, folder.root()));
  EXPECT_FALSE(OomKillByCounter(risen, soon + 3600 * kSecondNs, folder.root()));
  risen.cgroup.id += 1;
  EXPECT_FALSE(OomKillByCounter(risen, soon, folder.root()));
  risen.cgroup.id = 0;
  EXPECT_FALSE(OomKillByCounter(risen, soon, folder.root()));
}

}  // namespace
}  // namespace leaktrack::capture

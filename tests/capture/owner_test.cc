// SPDX-License-Identifier: Apache-2.0
//
// Whether a process is alive, tested on real processes: of our namespace, of another namespace,
// zombies, and reused numbers.
#include "libtrack/capture/read/owner.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace leaktrack::capture {
namespace {

uint64_t StartTicksOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text, '\0');
  text = text.substr(text.rfind(')') + 2);
  for (int field = 3; field < 22; ++field) text = text.substr(text.find(' ') + 1);
  return std::stoull(text);
}

OwnerFacts FactsOf(pid_t pid) {
  OwnerFacts facts;
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  file >> text;
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  for (size_t i = 0; i < 16; ++i)
    facts.boot_id[i] = static_cast<uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  utsname names{};
  uname(&names);
  facts.host = names.nodename;
  facts.pid_namespace = OwnPidNamespace();
  facts.pid = static_cast<uint32_t>(pid);
  facts.start_ticks = StartTicksOf(pid);
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  facts.start_monotonic_ns = now.tv_sec * 1'000'000'000 + now.tv_nsec;
  return facts;
}

// A child that waits to be killed.
struct Child {
  Child() {
    pid = fork();
    if (pid == 0)
      for (;;) pause();
  }
  ~Child() { End(); }
  void Kill() const {
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);  // a zombie from here on
  }
  void End() {
    if (pid <= 0) return;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    pid = 0;
  }
  pid_t pid;
};

TEST(OwnerTest, AProcessOfOurNamespaceIsAliveUntilItIsDead) {
  Child child;
  const OwnerFacts facts = FactsOf(child.pid);
  EXPECT_EQ(LookForOwner(facts).life, Life::kAlive);
  EXPECT_EQ(LookForOwner(facts).pid_here, facts.pid);
  child.End();
  EXPECT_EQ(LookForOwner(facts).life, Life::kDead);
  EXPECT_EQ(LookForOwner(facts).pid_here, 0u);
}

TEST(OwnerTest, AZombieIsDead) {
  Child child;
  const OwnerFacts facts = FactsOf(child.pid);
  child.Kill();
  EXPECT_EQ(LookForOwner(facts).life, Life::kDead);
}

TEST(OwnerTest, AnotherProcessWithItsNumberIsNotIt) {
  Child child;
  OwnerFacts facts = FactsOf(child.pid);
  facts.start_ticks -= 1;
  EXPECT_EQ(LookForOwner(facts).life, Life::kDead);
  // As in captures without the tick: the process began long after the run.
  facts.start_ticks = 0;
  EXPECT_EQ(LookForOwner(facts).life, Life::kAlive);
  facts.start_monotonic_ns = 1;
  EXPECT_EQ(LookForOwner(facts).life, Life::kDead);
}

TEST(OwnerTest, OfAnotherBootOrMachineNothingIsAlive) {
  OwnerFacts facts = FactsOf(getpid());
  facts.boot_id[7] ^= 1;
  EXPECT_EQ(LookForOwner(facts).life, Life::kElsewhere);
  EXPECT_FALSE(IsThisBoot(facts));
  EXPECT_FALSE(NumbersAreOurs(facts));
  // If the boot id is missing, the host name decides.
  facts.boot_id = {};
  EXPECT_EQ(LookForOwner(facts).life, Life::kAlive);
  facts.host += "-2";
  EXPECT_EQ(LookForOwner(facts).life, Life::kElsewhere);
}

// pid 1 of a new namespace, and its number outside.
struct Container {
  Container() {
    outer = fork();
    if (outer == 0) {
      if (unshare(CLONE_NEWPID) != 0) _exit(1);
      const pid_t inner = fork();
      if (inner == 0)
        for (;;) pause();
      waitpid(inner, nullptr, 0);
      _exit(0);
    }
    for (int tries = 0; tries < 2000 && pid == 0; ++tries) {
      usleep(1000);
      std::ifstream children("/proc/" + std::to_string(outer) + "/task/" + std::to_string(outer) +
                             "/children");
      children >> pid;
      if (pid == 0 && waitpid(outer, nullptr, WNOHANG) == outer) {
        outer = 0;  // not allowed here
        return;
      }
    }
  }
  ~Container() { End(); }
  void End() {
    if (pid > 0) kill(pid, SIGKILL);
    if (outer > 0) waitpid(outer, nullptr, 0);
    pid = outer = 0;
  }
  OwnerFacts Facts() const {
    OwnerFacts facts = FactsOf(pid);
    struct stat info;
    facts.pid_namespace =
        stat(("/proc/" + std::to_string(pid) + "/ns/pid").c_str(), &info) == 0 ? info.st_ino : 0;
    facts.pid = 1;
    return facts;
  }
  pid_t outer = 0, pid = 0;
};

TEST(OwnerTest, AProcessOfAnotherNamespaceIsFoundByItsNumberThereAndNotTakenForOurs) {
  Container container, other;
  if (container.pid == 0 || other.pid == 0) GTEST_SKIP() << "no pid namespaces for this user";
  const OwnerFacts facts = container.Facts();
  EXPECT_NE(facts.pid_namespace, OwnPidNamespace());
  EXPECT_FALSE(NumbersAreOurs(facts));
  EXPECT_EQ(LookForOwner(facts).life, Life::kAlive);
  EXPECT_EQ(LookForOwner(facts).pid_here, static_cast<uint32_t>(container.pid));
  container.End();
  // Its namespace number may have been reused, and there are other pids 1. It is certainly dead
  // only if all processes are visible.
  const Life life = LookForOwner(facts).life;
  EXPECT_EQ(life, OwnPidNamespace() == 0xEFFFFFFC ? Life::kDead : Life::kUnknown);
  EXPECT_EQ(LookForOwner(facts).pid_here, 0u);
}

TEST(OwnerTest, AReaderInAContainerDoesNotAskItsOwnPidOne) {
  const Child outside;
  OwnerFacts facts = FactsOf(outside.pid);
  facts.pid = 1;
  const pid_t outer = fork();
  if (outer == 0) {
    if (unshare(CLONE_NEWPID) != 0) _exit(77);
    const pid_t inner = fork();
    // /proc still belongs to the outer namespace, so its numbers are not ours.
    if (inner == 0) _exit(LookForOwner(facts).life == Life::kAlive ? 1 : 0);
    int status = 0;
    waitpid(inner, &status, 0);
    _exit(WEXITSTATUS(status));
  }
  int status = 0;
  waitpid(outer, &status, 0);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no pid namespaces for this user";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace leaktrack::capture

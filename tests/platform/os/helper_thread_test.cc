// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/helper_thread.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>

namespace leaktrack::track {
namespace {

constexpr uint32_t kOwnerDied = 0x4000'0000;

struct Meeting {
  std::atomic<uint32_t> stage{0};
  int kept = -1;
  bool has_private = false;
  bool kept_open = false, other_open = true;
  sigset_t blocked{};
};

void Await(std::atomic<uint32_t>& stage, uint32_t value) {
  for (;;) {
    const uint32_t now = stage.load();
    if (now >= value) return;
    WaitWhile(&stage, now, 10'000'000'000);
  }
}

void Reach(std::atomic<uint32_t>& stage, uint32_t value) {
  stage.store(value);
  WakeAll(&stage);
}

void* Look(void* argument) {
  auto& meeting = *static_cast<Meeting*>(argument);
  pthread_sigmask(SIG_SETMASK, nullptr, &meeting.blocked);
  meeting.has_private = TakePrivateDescriptors(meeting.kept, -1);
  meeting.kept_open = fcntl(meeting.kept, F_GETFD) >= 0;
  meeting.other_open = fcntl(0, F_GETFD) >= 0 || fcntl(2, F_GETFD) >= 0;
  Reach(meeting.stage, 1);
  Await(meeting.stage, 2);
  meeting.kept_open = meeting.kept_open && fcntl(meeting.kept, F_GETFD) >= 0;
  Reach(meeting.stage, 3);
  return nullptr;
}

TEST(HelperThreadTest, KeepsItsDescriptorWhenTheProgramClosesAllAndTheProgramKeepsItsOwn) {
  Meeting meeting;
  meeting.kept = open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_TRUE(StartHelperThread(Look, &meeting));
  Await(meeting.stage, 1);
  EXPECT_TRUE(meeting.has_private);
  EXPECT_FALSE(meeting.other_open) << "it must not hold the program's files open";
  EXPECT_GE(fcntl(2, F_GETFD), 0) << "the program's own table is untouched";
  close(meeting.kept);
  Reach(meeting.stage, 2);
  Await(meeting.stage, 3);
  EXPECT_TRUE(meeting.kept_open);
}

TEST(HelperThreadTest, TakesNoSignalOfTheProgram) {
  Meeting meeting;
  meeting.kept = open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_TRUE(StartHelperThread(Look, &meeting));
  Await(meeting.stage, 1);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD, SIGUSR1, SIGPROF}) {
    EXPECT_TRUE(sigismember(&meeting.blocked, signal)) << signal;
  }
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT_FALSE(sigismember(&mine, SIGTERM)) << "the starting thread's mask is as before";
  Reach(meeting.stage, 2);
  Await(meeting.stage, 3);
}

struct Owner {
  std::atomic<uint32_t> word;
  std::atomic<uint32_t> ready;
};

void* OwnAndWait(void* argument) {
  auto& owner = *static_cast<Owner*>(argument);
  SetOwnerAlive(&owner.word);
  owner.ready.store(1);
  for (;;) pause();
}

TEST(HelperThreadTest, TheWorldLearnsOfItsDeathBySigkill) {
  auto* owner = static_cast<Owner*>(
      mmap(nullptr, sizeof(Owner), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const pid_t child = fork();
  if (child == 0) {
    if (!StartHelperThread(OwnAndWait, owner)) _exit(1);
    for (;;) pause();
  }
  while (owner->ready.load() == 0) usleep(1000);
  EXPECT_NE(owner->word.load() & 0x3fff'ffff, 0u);
  EXPECT_EQ(owner->word.load() & kOwnerDied, 0u);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_NE(owner->word.load() & kOwnerDied, 0u);
  munmap(owner, sizeof(Owner));
}

}  // namespace
}  // namespace leaktrack::track

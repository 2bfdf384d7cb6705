// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/recorder_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace leaktrack::track {
namespace {

constexpr uint64_t kMiB = 1 << 20;

std::string FreshPath() { return "/dev/shm/leaktrack-test." + std::to_string(getpid()) + ".ltr"; }

TEST(RecorderFileTest, IsPrivateToTheUserAndCostsNothingUntilCommitted) {
  const std::string path = FreshPath();
  RecorderFile file = CreateRecorderFile(path.c_str(), 64 * kMiB, kMiB);
  ASSERT_TRUE(file.shared);
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_size, static_cast<off_t>(64 * kMiB));
  EXPECT_EQ(info.st_blocks, 0);
  ASSERT_TRUE(CommitRange(file, 0, kMiB));
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_blocks * 512, static_cast<blkcnt_t>(kMiB));
  unlink(path.c_str());
}

TEST(RecorderFileTest, CommitsWithoutADescriptorToo) {
  const std::string path = FreshPath();
  RecorderFile file = CreateRecorderFile(path.c_str(), 4 * kMiB, kMiB);
  ASSERT_TRUE(file.shared);
  close(file.fd);
  file.fd = -1;
  ASSERT_TRUE(ExtendRange(file, kMiB, 2 * kMiB));
  ASSERT_TRUE(CommitRange(file, kMiB, 2 * kMiB));
  std::memset(file.base + kMiB, 1, kMiB);
  EXPECT_FALSE(ExtendRange(file, 2 * kMiB, 5 * kMiB)) << "beyond the end";
  EXPECT_FALSE(CommitRange(file, 3 * kMiB, 5 * kMiB)) << "beyond the end";
  unlink(path.c_str());
}

TEST(RecorderFileTest, AFileThatIsThereAlreadyIsNeverTouched) {
  const std::string path = FreshPath();
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
  ASSERT_EQ(write(fd, "theirs", 6), 6);
  close(fd);
  RecorderFile file = CreateRecorderFile(path.c_str(), kMiB, 4096);
  EXPECT_FALSE(file.shared);
  ASSERT_NE(file.base, nullptr) << "anonymous memory instead";
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 6);
  unlink(path.c_str());
}

TEST(RecorderFileTest, AFileSizeLimitMeansAnonymousMemoryNotSigxfsz) {
  const pid_t child = fork();
  if (child == 0) {
    rlimit limit{kMiB, kMiB};
    setrlimit(RLIMIT_FSIZE, &limit);
    const RecorderFile file = CreateRecorderFile(FreshPath().c_str(), 8 * kMiB, 4096);
    _exit(file.base != nullptr && !file.shared ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

// Pitfall P6: a store to a hole of a full tmpfs is a SIGBUS, so the refusal must come before the
// store.
TEST(RecorderFileTest, AFullTmpfsIsARefusalNotASigbus) {
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m") != 0) {
      _exit(77);
    }
    RecorderFile file = CreateRecorderFile("/mnt/full.ltr", 8 * kMiB, 4 * kMiB);
    if (!file.shared || file.budget_bytes > kMiB / 8) _exit(1);
    if (!CommitRange(file, 0, kMiB / 2) || CommitRange(file, kMiB / 2, 4 * kMiB)) _exit(2);
    std::memset(file.base, 1, kMiB / 2);
    close(file.fd);
    file.fd = -1;
    _exit(CommitRange(file, kMiB / 2, 4 * kMiB) ? 3 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "may not mount a tmpfs here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/file_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

bool Is(int fd) {
  const bool in_memory = IsFileInMemory(fd);
  if (fd >= 0) close(fd);
  return in_memory;
}

TEST(FileMemoryTest, MemoryIsWhatLiesInNoFileOnADisk) {
  errno = EDOM;
  EXPECT_TRUE(Is(memfd_create("in memory", 0)));
  EXPECT_TRUE(Is(open("/dev/zero", O_RDWR)));
  EXPECT_TRUE(Is(open("/dev/shm", O_TMPFILE | O_RDWR, 0600)));
  EXPECT_FALSE(Is(open("/bin/sh", O_RDONLY)));
  EXPECT_FALSE(Is(open("/dev/null", O_RDWR)));
  EXPECT_FALSE(Is(open("/proc/self/maps", O_RDONLY)));
  EXPECT_FALSE(Is(open("/", O_RDONLY)));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_FALSE(Is(ends[0]));
  close(ends[1]);
  EXPECT_FALSE(Is(-1));
  EXPECT_FALSE(IsFileInMemory(987'654));
  EXPECT_EQ(errno, EDOM);
}

TEST(FileMemoryTest, UnderAFilterNobodyIsAsked) {
  const int fd = memfd_create("in memory", 0);
  raw::forbidden.store(true);
  EXPECT_FALSE(IsFileInMemory(fd));
  raw::forbidden.store(false);
  EXPECT_TRUE(Is(fd));
}

}  // namespace
}  // namespace leaktrack::track

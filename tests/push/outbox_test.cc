// SPDX-License-Identifier: Apache-2.0
#include "tools/push/outbox.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace leaktrack::push {
namespace {

namespace fs = std::filesystem;

// A port of loopback where nobody listens while this lives.
class DeadPort {
 public:
  DeadPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&at), size) == 0)
      getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  ~DeadPort() { close(fd_); }
  Post Of(const std::string& body) const {
    return {"127.0.0.1", std::to_string(port_), "/ingest", "text/plain", body};
  }

 private:
  const int fd_;
  int port_ = 0;
};

class OutboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("outbox." + std::to_string(getpid()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static Delivery Once(Outbox& box) {
    Patience patience;
    patience.attempts = 1;
    patience.timeout = std::chrono::milliseconds(1000);
    return box.Deliver(patience);
  }

  fs::path folder_;
  const DeadPort dead_;
};

TEST_F(OutboxTest, WhatCannotBeSentIsThereAfterAFreshStart) {
  {
    absl::StatusOr<Outbox> box = Outbox::Open(folder_);
    ASSERT_TRUE(box.ok()) << box.status();
    ASSERT_TRUE(box->Add(dead_.Of("one")).ok());
    ASSERT_TRUE(box->Add(dead_.Of("two")).ok());
    EXPECT_EQ(Once(*box).waiting, 2u);
  }
  absl::StatusOr<Outbox> again = Outbox::Open(folder_);
  ASSERT_TRUE(again.ok());
  const Delivery delivery = Once(*again);
  EXPECT_EQ(delivery.waiting, 2u);
  EXPECT_EQ(delivery.problems.size(), 1u) << "one host, one line";
}

TEST_F(OutboxTest, TheOldestMakesRoomAndIsCounted) {
  absl::StatusOr<Outbox> box = Outbox::Open(folder_, 1000);
  ASSERT_TRUE(box.ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(box->Add(dead_.Of(std::string(300, 'x'))).ok());
  EXPECT_FALSE(box->Add(dead_.Of(std::string(2000, 'x'))).ok());
  const Delivery delivery = Once(*box);
  EXPECT_EQ(delivery.waiting, 2u);
  EXPECT_EQ(delivery.dropped, 3u);
  EXPECT_EQ(Once(*box).dropped, 0u);
}

TEST_F(OutboxTest, WhatIsNotOursIsLeftAlone) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "0.profile") << "GET / HTTP/1.1\n\n\n\n\n";
  std::ofstream(folder_ / "notes.txt") << "mine";
  absl::StatusOr<Outbox> box = Outbox::Open(folder_);
  ASSERT_TRUE(box.ok());
  EXPECT_EQ(Once(*box).problems.size(), 1u);
  EXPECT_TRUE(fs::exists(folder_ / "0.profile") && fs::exists(folder_ / "notes.txt"));
}

TEST_F(OutboxTest, InMemoryItEndsWithTheProgram) {
  absl::StatusOr<Outbox> box = Outbox::Open("");
  ASSERT_TRUE(box.ok());
  ASSERT_TRUE(box->Add(dead_.Of("one")).ok());
  EXPECT_EQ(Once(*box).waiting, 1u);
}

}  // namespace
}  // namespace leaktrack::push

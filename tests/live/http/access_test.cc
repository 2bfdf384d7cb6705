// SPDX-License-Identifier: Apache-2.0
#include "tools/live/http/access.h"

#include <string>

#include "gtest/gtest.h"

namespace leaktrack::live {
namespace {

constexpr char kToken[] = "0123456789abcdef";

Request Ask(const std::string& path, const std::string& host, const std::string& token = "") {
  Request request;
  request.path = path;
  request.host = host;
  if (!token.empty()) request.authorization = "Bearer " + token;
  return request;
}

int StatusFor(const Request& request, const AccessPolicy& policy) {
  const auto refusal = Refusal(request, policy);
  return refusal ? refusal->status : 200;
}

TEST(AccessTest, LoopbackAnswersOnlyToNamesOfLoopback) {
  const AccessPolicy policy{Reach::kLoopback, ""};
  for (const char* host : {"localhost", "LOCALHOST:9466", "127.0.0.1:9466", "[::1]:9466"})
    EXPECT_EQ(StatusFor(Ask("/metrics", host), policy), 200) << host;
  for (const char* host :
       {"", "evil.example", "127.evil.example", "localhost.evil.example", "[", "10.0.0.1"})
    EXPECT_EQ(StatusFor(Ask("/metrics", host), policy), 403) << host;
}

TEST(AccessTest, BeyondLoopbackDataNeedsTheTokenAndProbesGiveAStatusAlone) {
  const AccessPolicy policy{Reach::kNetwork, kToken};
  EXPECT_EQ(StatusFor(Ask("/metrics", "node7"), policy), 401);
  EXPECT_EQ(StatusFor(Ask("/metrics", "node7", "0123456789abcdeX"), policy), 401);
  EXPECT_EQ(StatusFor(Ask("/metrics", "node7", "0123456789abcdef0123456789abcdef"), policy), 401);
  EXPECT_EQ(StatusFor(Ask("/metrics", "node7", kToken), policy), 200);
  EXPECT_EQ(StatusFor(Ask("/ready", "node7"), policy), 200);
  EXPECT_FALSE(MaySeeData(Ask("/ready", "node7"), policy));
  EXPECT_TRUE(MaySeeData(Ask("/ready", "node7", kToken), policy));
}

TEST(AccessTest, WithoutATokenTheNetworkSeesNothing) {
  EXPECT_EQ(StatusFor(Ask("/", "node7"), {Reach::kNetwork, ""}), 401);
  EXPECT_EQ(StatusFor(Ask("/", "node7", "x"), {Reach::kNetwork, ""}), 401);
}

TEST(AccessTest, ATokenOnLoopbackIsAskedForThereToo) {
  EXPECT_EQ(StatusFor(Ask("/", "localhost"), {Reach::kLoopback, kToken}), 401);
  EXPECT_EQ(StatusFor(Ask("/", "localhost", kToken), {Reach::kLoopback, kToken}), 200);
}

TEST(TargetTest, IsTakenApartAndDecoded) {
  Request request;
  ASSERT_TRUE(ParseTarget("/report?run=1f&cgroup=%2Fa+b&empty=&flag", request));
  EXPECT_EQ(request.path, "/report");
  EXPECT_EQ(request.Value("run"), "1f");
  EXPECT_EQ(request.Value("cgroup"), "/a b");
  EXPECT_EQ(request.Value("not there"), "");
}

TEST(TargetTest, WhatIsMalformedIsRefused) {
  std::string many = "/?";
  for (int i = 0; i < 100; ++i) many += "a" + std::to_string(i) + "=1&";
  for (const std::string target : {"", "report", "/%", "/%zz", "/?a=%4", many.c_str()}) {
    Request request;
    EXPECT_FALSE(ParseTarget(target, request)) << target;
  }
}

}  // namespace
}  // namespace leaktrack::live

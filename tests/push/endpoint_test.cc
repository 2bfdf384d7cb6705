// SPDX-License-Identifier: Apache-2.0
#include "tools/push/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace leaktrack::push {
namespace {

using ::testing::HasSubstr;

TEST(EndpointTest, AUrlSaysWhereAndWhichEngine) {
  const absl::StatusOr<Endpoint> pyroscope = ParseEndpoint("http://pyroscope:4040/");
  ASSERT_TRUE(pyroscope.ok());
  EXPECT_EQ(pyroscope->engine, Engine::kPyroscope);
  EXPECT_EQ(pyroscope->host + " " + pyroscope->port + " " + pyroscope->path, "pyroscope 4040 ");
  const absl::StatusOr<Endpoint> otlp = ParseEndpoint("http://[::1]:4318/v1development/profiles");
  ASSERT_TRUE(otlp.ok());
  EXPECT_EQ(otlp->engine, Engine::kOtlp);
  EXPECT_EQ(otlp->host + " " + otlp->port, "::1 4318");
  EXPECT_EQ(ParseEndpoint("http://[fe80::2]/x")->port, "80");
}

TEST(EndpointTest, WhatIsNoUrlIsRefusedByName) {
  for (const char* url :
       {"", "pyroscope:4040", "https://x", "http://", "http://:1", "http://x:0", "http://x:y",
        "http://x:70000", "http://u@x", "http://x/a?b", "http://x\r\nEvil: 1"}) {
    EXPECT_FALSE(ParseEndpoint(url).ok()) << url;
  }
}

TEST(EndpointTest, NamesAndLabelsCannotBreakTheName) {
  const Endpoint endpoint = *ParseEndpoint("http://x");
  const ProfileName name{"a{b}", {{"k", "v,w=\"\n"}}, 10, 20};
  const Post post = PyroscopePost(endpoint, name, "bytes");
  EXPECT_THAT(post.target, HasSubstr("name=a_b_%7Bk%3Dv_w___%7D&from=10&until=20"));
  EXPECT_THAT(post.body, HasSubstr("bytes"));
}

}  // namespace
}  // namespace leaktrack::push

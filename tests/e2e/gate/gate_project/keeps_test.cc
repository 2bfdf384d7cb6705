// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <leaktrack/gtest.hpp>
#include <string>
#include <vector>

void* volatile g_last;

TEST(KeepsTest, CleanPasses) {
  EXPECT_TRUE(leaktrack::KeepsNothing([] {
    g_last = new std::string(300, 'x');
    delete static_cast<std::string*>(g_last);
  }));
}
TEST(KeepsTest, CacheThatFillsPasses) {
  std::vector<std::string> cache(100);
  int next = 0;
  EXPECT_TRUE(leaktrack::KeepsNothing([&] { cache[next++ % 100].assign(500, 'x'); }));
}
TEST(KeepsTest, LeakFails) {
  EXPECT_TRUE(leaktrack::KeepsNothing([] { g_last = malloc(48); }));
}
TEST(KeepsTest, LeakOfOneInTenFails) {
  int turn = 0;
  EXPECT_TRUE(leaktrack::KeepsNothing([&] {
    if (++turn % 10 == 0) g_last = malloc(100);
  }));
}

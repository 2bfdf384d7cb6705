// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/advice_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(AdviceWordsTest, EachKindHasWords) {
  for (int kind = 0; kind <= static_cast<int>(AdviceKind::kOnlyReserved); ++kind)
    EXPECT_THAT(AdviceText({static_cast<AdviceKind>(kind), 3, "libjemalloc.so.2"}), Not(IsEmpty()));
}

TEST(AdviceWordsTest, NamesTheSwitchToSet) {
  const auto text = [](AdviceKind kind) { return AdviceText({kind, 0, "libjemalloc.so.2"}); };
  EXPECT_THAT(text(AdviceKind::kPythonMalloc), HasSubstr("PYTHONMALLOC=malloc"));
  EXPECT_THAT(text(AdviceKind::kZendAlloc), HasSubstr("USE_ZEND_ALLOC=0"));
  EXPECT_THAT(text(AdviceKind::kGSlice), HasSubstr("G_SLICE=always-malloc"));
  EXPECT_THAT(text(AdviceKind::kPreloadFirst), HasSubstr("put libleaktrack.so first"));
  EXPECT_THAT(text(AdviceKind::kPreloadFirst), HasSubstr("libjemalloc.so.2"));
  EXPECT_THAT(text(AdviceKind::kFewerArenas), HasSubstr("GLIBC_TUNABLES"));
  EXPECT_THAT(text(AdviceKind::kJvmTools), HasSubstr("jcmd"));
  EXPECT_THAT(text(AdviceKind::kNodeTools), HasSubstr("--heapsnapshot-signal"));
  EXPECT_THAT(text(AdviceKind::kGoTools), HasSubstr("go tool pprof"));
  EXPECT_THAT(AdviceText({AdviceKind::kLimitAboveMachine, int64_t{16} << 30, ""}),
              HasSubstr("16 GiB"));
}

}  // namespace
}  // namespace leaktrack

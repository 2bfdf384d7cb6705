// SPDX-License-Identifier: Apache-2.0
#include "tools/base/safe_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace leaktrack {
namespace {

TEST(SafeTextTest, LeavesOrdinaryTextOfAnyScriptAlone) {
  for (const char* text :
       {"", "std::vector<int>::push_back(int const&)", "/srv/caf\xc3\xa9/\xe6\x97\xa5\xe6\x9c\xac",
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xf0\x9f\x90\x9b", "back\\slash"}) {
    EXPECT_EQ(SafeText(text), text);
  }
}

TEST(SafeTextTest, NeutralisesEscapeSequencesAndLineBreaks) {
  EXPECT_EQ(SafeText("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
  EXPECT_EQ(SafeText("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(SafeText(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(SafeText("\x7f"), "\\x7f");
  // U+009B introduces an escape sequence by itself in 8-bit terminals.
  EXPECT_EQ(SafeText("\xc2\x9b"
                     "31m"),
            "\\u{9b}31m");
}

TEST(SafeTextTest, ShowsCharactersThatReorderOrHideText) {
  EXPECT_EQ(SafeText("a\xe2\x80\xae"
                     "b"),
            "a\\u{202e}b");
  EXPECT_EQ(SafeText("\xe2\x80\x8b"), "\\u{200b}");
  EXPECT_EQ(SafeText("\xef\xbb\xbf"), "\\u{feff}");
  EXPECT_EQ(SafeText("\xe2\x80\xa8"), "\\u{2028}");
}

TEST(SafeTextTest, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(SafeText("\xff"), "\\xff");
  EXPECT_EQ(SafeText("\xc0\xaf"), "\\xc0\\xaf");           // overlong slash
  EXPECT_EQ(SafeText("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(SafeText("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(SafeText("caf\xc3"), "caf\\xc3");  // cut off
  EXPECT_EQ(SafeText("\x80 ok"), "\\x80 ok");
}

TEST(SafeTextTest, HoldsItsPromiseForAnyBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 12, ' ');
    for (char& c : text) c = static_cast<char>(random());
    const std::string safe = SafeText(text);
    EXPECT_EQ(SafeText(safe), safe);  // nothing left to replace: valid UTF-8, no controls
    for (const char c : safe) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

TEST(DisplayColumnsTest, CountsCharactersNotBytes) {
  EXPECT_EQ(DisplayColumns("abc"), 3u);
  EXPECT_EQ(DisplayColumns("caf\xc3\xa9"), 4u);
  EXPECT_EQ(DisplayColumns("e\xcc\x81"), 1u);     // combining acute
  EXPECT_EQ(DisplayColumns("\xe6\x97\xa5"), 2u);  // wide
}

TEST(ShortenMiddleTest, KeepsBothEndsAndNeverExceedsTheWidth) {
  EXPECT_EQ(ShortenMiddle("short", 10), "short");
  EXPECT_EQ(ShortenMiddle("0123456789abcdef", 10), "012...cdef");
  for (size_t columns = 0; columns < 30; ++columns) {
    for (const char* text : {"0123456789abcdefghijklmnop",
                             "\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac/e\xcc\x81nd"}) {
      const std::string cut = ShortenMiddle(text, columns);
      EXPECT_LE(DisplayColumns(cut), columns);
      EXPECT_EQ(SafeText(cut), cut) << "a character was cut in two";
    }
  }
}

}  // namespace
}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/demangle.h"

#include <gtest/gtest.h>

#include <random>

namespace leaktrack {
namespace {

TEST(DemangleTest, Cxx) {
  EXPECT_EQ(Demangle("_Z5ParsePKc"), "Parse(char const*)");
  EXPECT_EQ(Demangle("_ZNSt6vectorIiSaIiEE9push_backEOi"),
            "std::vector<int, std::allocator<int> >::push_back(int&&)");
  EXPECT_EQ(Demangle("_ZN12_GLOBAL__N_14HideEv"), "(anonymous namespace)::Hide()");
}

TEST(DemangleTest, SuffixesOfTheCompilerAreKept) {
  EXPECT_EQ(Demangle("_Z5Parsev.cold"), "Parse() [clone .cold]");
  EXPECT_EQ(Demangle("_Z5Parsev.constprop.0"), "Parse() [clone .constprop.0]");
}

TEST(DemangleTest, TheBodyOfACoroutineIsNamedAfterIt) {
  const std::string body = "_ZN3net7Session5ServeEPZNS0_5ServeEiE29_ZN3net7Session5ServeEi";
  EXPECT_EQ(Demangle(body + ".Frame.actor"), "net::Session::Serve(int) [clone .actor]");
  EXPECT_EQ(Demangle(body + ".Frame.destroy"), "net::Session::Serve(int) [clone .destroy]");
  EXPECT_EQ(Demangle(body), "net::Session::Serve(int) [clone .actor]")
      << "debug information cuts the name short";
  EXPECT_EQ(Demangle("_ZN3net7Session5ServeEi.resume"), "net::Session::Serve(int) [clone .resume]");
}

TEST(DemangleTest, LambdasKeepTheirParameters) {
  EXPECT_EQ(Demangle("_ZZ4mainENKUliPKcE_clEiS0_"),
            "main::{lambda(int, char const*)#1}::operator()(int, char const*) const");
}

TEST(DemangleTest, TheNumberOfALinkHidesNoHash) {
  EXPECT_EQ(Demangle("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.1234567"),
            "core::fmt::Formatter::pad");
  EXPECT_EQ(Demangle("_RNvC6_123foo3bar.llvm.77"), "123foo::bar");
}

TEST(DemangleTest, RustLegacyLosesItsHash) {
  EXPECT_EQ(Demangle("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"),
            "core::fmt::Formatter::pad");
  EXPECT_EQ(Demangle("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
                     "3bar17h930b740aa94f1d3aE"),
            "<Test + 'static as foo::Bar<Test>>::bar");
}

TEST(DemangleTest, RustV0) {
  EXPECT_EQ(Demangle("_RNvC6_123foo3bar"), "123foo::bar");
  EXPECT_EQ(Demangle("_RINvNtC3std3mem8align_ofjdE"), "std::mem::align_of::<usize, f64>");
}

TEST(DemangleTest, OtherNamesComeBackAsTheyAre) {
  for (const char* name : {"", "main", "malloc", "_start", "_", "_Z", "_R", "_Zzz",
                           "__libc_start_main", "PlainHelper"}) {
    EXPECT_EQ(Demangle(name), name);
  }
}

// Each parameter is a pair of the previous one, by back reference: one line of text stands for 2^36
// names.
TEST(DemangleTest, ANameThatUnfoldsWithoutEndIsLeftMangled) {
  std::string bomb = "_Z1fSt4pairIiiE";
  EXPECT_EQ(Demangle(bomb), "f(std::pair<int, int>)");
  for (const char c : std::string("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    const std::string previous = std::string("S") + c + "_";
    bomb += "S_I" + previous + previous + "E";
  }
  EXPECT_EQ(Demangle(bomb), bomb);
}

TEST(DemangleTest, AnyBytesAreLegal) {
  std::mt19937 random(11);
  const std::string alphabet = "_ZNSKRILEIcvPi0123456789abtT$.\x1b\xff";
  for (int round = 0; round < 50'000; ++round) {
    std::string name = random() % 2 ? "_Z" : "_R";
    for (unsigned i = random() % 40; i > 0; --i) name += alphabet[random() % alphabet.size()];
    EXPECT_LE(Demangle(name).size(), 1u << 20);
  }
  EXPECT_EQ(Demangle("_Z" + std::string(100'000, 'P')).size(), 100'002u);
  Demangle("_Z1f" + std::string(60'000, 'P') + "i");
}

}  // namespace
}  // namespace leaktrack

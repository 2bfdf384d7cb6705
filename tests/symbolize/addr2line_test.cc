// SPDX-License-Identifier: Apache-2.0
// Hundreds of addresses of real files, compared with binutils' addr2line: same functions, same
// inline chain, same lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/symbolize/fixture.h"

namespace leaktrack {
namespace {

struct Place {
  std::string function, file;
  uint32_t line = 0;
};

std::string Text(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places)
    text += place.function + " " + place.file + ":" + std::to_string(place.line) + "\n";
  return text;
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Addresses inside functions, a few per function: the start of a symbol and random offsets after
// it.
std::vector<uint64_t> SomeAddresses(const std::string& path, size_t count) {
  std::istringstream lines(RunCommand("nm -S --defined-only " + path + " | grep -E ' [tTwW] '"));
  std::mt19937 random(41);
  std::vector<uint64_t> addresses;
  for (std::string text; std::getline(lines, text);) {
    std::istringstream fields(text);
    uint64_t start = 0, size = 0;
    // Symbols without a size belong to the linker and the start-up code.
    if (!(fields >> std::hex >> start >> size) || size == 0 || text.size() < 34 ||
        text[16] != ' ' || text[33] != ' ')
      continue;
    addresses.push_back(start + random() % size);
  }
  std::shuffle(addresses.begin(), addresses.end(), random);
  addresses.resize(std::min(addresses.size(), count));
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

// addr2line -a prints "0xADDRESS", then a function line and a file line for each inlined frame.
std::vector<std::vector<Place>> Addr2line(const std::string& path,
                                          const std::vector<uint64_t>& addresses) {
  const TemporaryDirectory directory;
  std::ostringstream list;
  for (const uint64_t address : addresses) list << "0x" << std::hex << address << "\n";
  WriteAll(directory / "addresses", list.str());
  std::istringstream lines(
      RunCommand("addr2line -a -i -f -C -e " + path + " @" + (directory / "addresses")));
  std::vector<std::vector<Place>> result;
  for (std::string text; std::getline(lines, text);) {
    if (text.starts_with("0x")) {
      result.emplace_back();
      continue;
    }
    Place place{.function = text == "??" ? "" : text};
    std::getline(lines, text);
    text = text.substr(0, text.find(" (discriminator"));
    const size_t colon = text.rfind(':');
    place.file = text.starts_with("??") ? "" : BaseName(text.substr(0, colon));
    place.line = static_cast<uint32_t>(std::atoi(text.c_str() + colon + 1));
    result.back().push_back(place);
  }
  return result;
}

// Demangled name -> start addresses.
using Starts = std::map<std::string, std::set<std::string>>;

Starts SymbolStarts(const std::string& path) {
  std::istringstream lines(RunCommand("nm -C --defined-only " + path));
  Starts starts;
  for (std::string text; std::getline(lines, text);) {
    if (text.size() > 19) starts[text.substr(19)].insert(text.substr(0, 16));
  }
  return starts;
}

std::string WithoutClone(const std::string& name) { return name.substr(0, name.find(" [clone")); }

// - An inlined C++ function without a linkage name gets the name of the function that contains it,
//   which then loses its name (binutils 2.40 asks the symbol table by address). Ours is the name
//   that DWARF has.
//  that DWARF has.
// - Of several symbols at one address it takes another one. Both must be names of the same address.
// - It finds no line at all where we do (one address in ten thousand).
// - It shows clones of functions as such, where we give the function's name.
bool SameNamesAndLines(const std::vector<Place>& theirs, const std::vector<ResolvedFrame>& ours,
                       const Starts& starts) {
  if (theirs.size() != ours.size()) return false;
  for (size_t i = 0; i < ours.size(); ++i) {
    const bool theirs_unknown = theirs[i].line == 0 && theirs[i].file.empty();
    if (theirs[i].line != ours[i].line && !theirs_unknown) return false;
    if (WithoutClone(theirs[i].function) == WithoutClone(ours[i].function)) continue;
    const bool borrowed_name = ours[i].inlined && (theirs[i].function == theirs.back().function ||
                                                   theirs[i].function == ours.back().function);
    const std::string& name = theirs[i].function;
    const bool bare_name = ours[i].function.starts_with(name + "(") ||
                           ours[i].function.ends_with("::" + name) ||
                           ours[i].function.find("::" + name + "(") != std::string::npos;
    const auto a = starts.find(theirs[i].function), b = starts.find(ours[i].function);
    const bool alias = a != starts.end() && b != starts.end() && a->second == b->second;
    if (!borrowed_name && !bare_name && !alias) return false;
  }
  return true;
}

// For code without line numbers addr2line names the object file of the symbol, which is no source.
bool SameFiles(const std::vector<Place>& theirs, const std::vector<ResolvedFrame>& ours) {
  for (size_t i = 0; i < ours.size() && i < theirs.size(); ++i) {
    if (theirs[i].line != 0 && theirs[i].file != BaseName(ours[i].file)) return false;
  }
  return true;
}

// `others_percent`: how many addresses may differ in optimised code of many units, where the two
// tools choose different names for the same inlined function (bare, borrowed, ".cold").
void ExpectLikeAddr2line(const std::string& path, size_t count, size_t others_percent) {
  const std::vector<uint64_t> addresses = SomeAddresses(path, count);
  ASSERT_FALSE(addresses.empty());
  const std::vector<std::vector<Place>> expected = Addr2line(path, addresses);
  ASSERT_EQ(expected.size(), addresses.size());
  const Starts starts = SymbolStarts(path);
  OneModule resolve(ModuleAt(path));
  std::vector<capture::Frame> frames;
  for (const uint64_t address : addresses) frames.push_back(capture::MakeFrame(1, address));
  resolve.symbolizer->Prepare(frames);
  size_t other_files = 0, named = 0, others = 0;
  std::string differences;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const std::vector<ResolvedFrame>& ours = resolve(addresses[i]);
    named += !ours[0].function.empty();
    if (!SameFiles(expected[i], ours)) ++other_files;
    if (SameNamesAndLines(expected[i], ours, starts)) continue;
    std::vector<Place> actual;
    for (const ResolvedFrame& frame : ours)
      actual.push_back({frame.function, BaseName(frame.file), frame.line});
    ++others;
    differences += "\n addr2line:\n" + Text(expected[i]) + " ours:\n" + Text(actual);
  }
  EXPECT_LE(others * 100, addresses.size() * others_percent)
      << others << " of " << addresses.size() << differences;
  EXPECT_GT(named * 10, addresses.size() * 9) << "two tools that know nothing agree too";
  // binutils 2.40 takes the wrong entry of DWARF 5 file tables now and then
  // ("addr2line_test.cc:523" for line 523 of c++config.h).
  EXPECT_LE(other_files * 100, addresses.size()) << "of " << addresses.size();
}

class Addr2lineTest : public testing::TestWithParam<const char*> {};

TEST_P(Addr2lineTest, SaysTheSame) {
  if (!std::filesystem::exists(Fixture(GetParam()))) GTEST_SKIP() << "no such compiler here";
  ExpectLikeAddr2line(Fixture(GetParam()), 500, 0);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Addr2lineTest,
                         testing::Values("libdwarf5.so", "libdwarf4.so", "libsections.so",
                                         "libclang.so", "program_pie", "program_nopie"),
                         [](const auto& param) {
                           std::string name = param.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(Addr2lineOnARealProgramTest, SaysTheSameOfThisTest) {
  ExpectLikeAddr2line(std::filesystem::canonical("/proc/self/exe"), 3000, 3);
}

}  // namespace
}  // namespace leaktrack

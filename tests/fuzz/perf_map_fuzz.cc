// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of the map of made code that a process leaves.
//
// Input: how many addresses are wanted (1 byte), the addresses (8 bytes each), then the map. It is
// read as text, and from a file in pieces. Held beside "no crash": both ways tell the same of each
// wanted address, and what has a name lies in code that a line told of.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/input_file.h"
#include "tools/symbolize/perf_map.h"

namespace {

using namespace leaktrack;  // NOLINT

constexpr size_t kLongestLine = 4 << 10;  // longer ones are cut where the file is read

std::vector<uint64_t> TakeAddresses(std::string_view& input) {
  const size_t count = input.empty() ? 0 : static_cast<unsigned char>(input.front()) % 16;
  std::vector<uint64_t> wanted;
  for (size_t at = 1; wanted.size() < count && at + 8 <= input.size(); at += 8) {
    uint64_t address = 0;
    memcpy(&address, input.data() + at, sizeof address);
    wanted.push_back(address);
  }
  input.remove_prefix(std::min(input.size(), 1 + wanted.size() * 8));
  std::sort(wanted.begin(), wanted.end());
  return wanted;
}

bool HasLongLine(std::string_view text) {
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    if (end > kLongestLine) return true;
  }
  return text.size() > kLongestLine;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const InputFile file;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<uint64_t> wanted = TakeAddresses(text);
  file.Write(text);
  const PerfMap all = PerfMap::Parse(text);
  const PerfMap some = ReadPerfMap(file.path(), {.owner = geteuid()}, wanted);
  if (some.size() > all.size() && !HasLongLine(text)) abort();
  for (const uint64_t address : wanted) {
    const std::string name = all.NameOf(address);
    if (!name.empty() && text.find(name) == std::string_view::npos) abort();
    if (!HasLongLine(text) && some.NameOf(address) != name) abort();
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/memory.h"

#include <algorithm>
#include <cstring>

namespace leaktrack::witness {

std::string ReadText(Memory& memory, uint64_t address, size_t most) {
  std::string text;
  while (text.size() < most) {
    char piece[256];
    // Up to the next page, since the one behind it may not be there.
    const size_t room =
        std::min({sizeof piece, size_t{4096} - (address + text.size()) % 4096, most - text.size()});
    const size_t got = memory.Read(address + text.size(), piece, room);
    const size_t length = strnlen(piece, got);
    text.append(piece, length);
    if (length < got) return text;
    if (got < room) return "";
  }
  return "";
}

}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/roots/thread_pointers.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

namespace leaktrack::witness {
namespace {

constexpr uint64_t kSelf = 0x10, kTid = 0x2d0;  // in struct pthread
constexpr uint64_t kMostSearched = 64 << 20;

}  // namespace

std::vector<ThreadPointer> FindThreadPointers(Memory& memory, const std::vector<Range>& heap) {
  std::set<pid_t> open;
  for (const Thread& thread : memory.threads()) open.insert(thread.tid);
  std::vector<ThreadPointer> found;
  const auto look = [&](uint64_t address, const char* bytes, size_t size) {
    for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
      uint64_t word;
      memcpy(&word, bytes + at, sizeof word);
      if (word != address + at) continue;
      const auto self = memory.Get<uint64_t>(word + kSelf);
      const auto tid = self == word ? memory.Get<pid_t>(word + kTid) : std::nullopt;
      if (tid && open.erase(*tid) == 1) found.push_back({word, *tid});
    }
  };
  for (const Mapping& mapping : memory.maps()) {
    if (open.empty()) break;
    const bool private_memory = !mapping.IsFile() && !mapping.shared && mapping.writable;
    if (!private_memory || mapping.path == "[stack]" || mapping.path == "[heap]" ||
        mapping.range.size() > kMostSearched)
      continue;
    for (const Range& part : Without({mapping.range}, heap)) memory.ReadWritten(part, look);
  }
  return found;
}

}  // namespace leaktrack::witness

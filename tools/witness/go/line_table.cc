// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/go/line_table.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"

namespace leaktrack::witness {
namespace {

constexpr uint32_t kMagic = 0xfffffff0;
constexpr uint64_t kMostFunctions = 1 << 24;
constexpr size_t kMostSteps = 1 << 16;

// Reads numbers of seven bits a byte, in pieces.
class Numbers {
 public:
  Numbers(Memory& memory, uint64_t address) : memory_(memory), address_(address) {}

  std::optional<uint32_t> Next() {
    uint32_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (at_ == got_ && !Fill()) return std::nullopt;
      const uint8_t byte = bytes_[at_++];
      value |= static_cast<uint32_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return std::nullopt;
  }

 private:
  bool Fill() {
    got_ = memory_.Read(address_, bytes_, std::min(sizeof bytes_, size_t{4096} - address_ % 4096));
    address_ += got_;
    at_ = 0;
    return got_ != 0;
  }

  Memory& memory_;
  uint64_t address_;
  uint8_t bytes_[256];
  size_t at_ = 0, got_ = 0;
};

}  // namespace

bool GoLineTable::Fits(const Header& header) {
  return header.magic == kMagic && header.zeros[0] == 0 && header.zeros[1] == 0 &&
         header.smallest_step == 1 && header.pointer_size == 8 && header.functions != 0 &&
         header.functions < kMostFunctions && header.names < header.units &&
         header.units <= header.file_names && header.file_names < header.values &&
         header.values < header.entries && header.entries < uint64_t{1} << 36;
}

std::optional<GoLineTable> GoLineTable::Find(Memory& memory, const Module& module) {
  std::optional<GoLineTable> found;
  std::vector<char> bytes;
  for (const Mapping& mapping : memory.maps()) {
    if (found || mapping.range.end <= module.range.start ||
        mapping.range.start >= module.range.end || !mapping.readable || mapping.writable ||
        mapping.executable)
      continue;
    constexpr size_t kPiece = 1 << 20;
    for (uint64_t at = mapping.range.start; at < mapping.range.end && !found; at += kPiece) {
      bytes.resize(std::min<uint64_t>(kPiece, mapping.range.end - at));
      bytes.resize(memory.Read(at, bytes.data(), bytes.size()));
      for (size_t i = 0; i + sizeof(uint32_t) <= bytes.size() && !found; i += 32) {
        uint32_t magic;
        memcpy(&magic, bytes.data() + i, sizeof magic);
        const auto header = magic == kMagic ? memory.Get<Header>(at + i) : std::optional<Header>();
        if (header && Fits(*header)) found.emplace(GoLineTable(memory, at + i, *header));
      }
    }
  }
  return found;
}

// The last function that begins at or before `offset`.
std::optional<GoLineTable::Function> GoLineTable::FunctionAt(uint32_t offset) {
  const uint64_t entries = address_ + header_.entries;
  uint64_t low = 0, high = header_.functions;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    const auto start = memory_.Get<uint32_t>(entries + middle * 8);
    if (!start) return std::nullopt;
    (*start <= offset ? low : high) = middle;
  }
  const auto at = memory_.Get<uint32_t>(entries + low * 8 + 4);
  const auto function = at ? memory_.Get<Function>(entries + *at) : std::optional<Function>();
  return function && function->entry <= offset ? function : std::nullopt;
}

// Pairs of a change of the value, and of the number of bytes for which it is so.
std::optional<int64_t> GoLineTable::Value(uint32_t table, uint32_t entry, uint32_t offset) {
  Numbers numbers(memory_, address_ + header_.values + table);
  int64_t value = -1;
  uint64_t at = entry;
  for (size_t step = 0; step < kMostSteps; ++step) {
    const auto change = numbers.Next();
    if (!change || (*change == 0 && step > 0)) return std::nullopt;
    value += (*change & 1) != 0 ? ~static_cast<int64_t>(*change >> 1) : *change >> 1;
    const auto length = numbers.Next();
    if (!length) return std::nullopt;
    at += *length;
    if (offset < at) return value;
  }
  return std::nullopt;
}

GoLineTable::Place GoLineTable::Look(uint64_t pc) {
  Place place;
  const uint64_t distance = pc - 1 - header_.text;
  if (distance >> 32 != 0) return place;
  const auto offset = static_cast<uint32_t>(distance);
  const auto function = FunctionAt(offset);
  if (!function) return place;
  place.function = ReadText(memory_, address_ + header_.names + function->name);
  place.line = Value(function->line, function->entry, offset).value_or(0);
  const auto file = Value(function->file, function->entry, offset);
  if (!file || *file < 0 || *file >> 31 != 0) return place;
  const auto name = memory_.Get<uint32_t>(address_ + header_.units +
                                          (function->unit + static_cast<uint64_t>(*file)) * 4);
  if (name) place.file = ReadText(memory_, address_ + header_.file_names + *name);
  return place;
}

const GoLineTable::Place& GoLineTable::At(uint64_t pc) {
  const auto known = known_.find(pc);
  return known != known_.end() ? known->second : known_[pc] = Look(pc);
}

std::string PlaceText(const GoLineTable::Place& place, uint64_t pc) {
  if (place.function.empty()) return absl::StrCat("0x", absl::Hex(pc));
  if (place.file.empty()) return place.function;
  return absl::StrCat(place.function, " at ", place.file.substr(place.file.rfind('/') + 1), ":",
                      place.line);
}

}  // namespace leaktrack::witness

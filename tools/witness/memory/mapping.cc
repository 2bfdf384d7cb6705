// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/mapping.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "tools/witness/memory/text_parts.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kMostMappings = 1 << 20;
constexpr std::string_view kDeleted = " (deleted)";

// Takes a number and the sign behind it off the front.
std::optional<uint64_t> Take(std::string_view& text, int base, char behind) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.empty() || text.front() != behind) return std::nullopt;
  text.remove_prefix(1);
  return value;
}

void TakePath(std::string_view text, Mapping& mapping) {
  const size_t start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return;
  text.remove_prefix(start);
  mapping.deleted = text.ends_with(kDeleted);
  if (mapping.deleted) text.remove_suffix(kDeleted.size());
  mapping.path = text;
}

// "start-end rwxp offset major:minor inode path"
std::optional<Mapping> ParseLine(std::string_view line) {
  Mapping mapping;
  const auto start = Take(line, 16, '-'), end = start ? Take(line, 16, ' ') : std::nullopt;
  if (!end || *end <= *start || line.size() < 5 || line[4] != ' ') return std::nullopt;
  mapping.range = {*start, *end};
  mapping.readable = line[0] == 'r';
  mapping.writable = line[1] == 'w';
  mapping.executable = line[2] == 'x';
  mapping.shared = line[3] == 's';
  line.remove_prefix(5);
  const auto offset = Take(line, 16, ' '), major = offset ? Take(line, 16, ':') : std::nullopt;
  const auto minor = major ? Take(line, 16, ' ') : std::nullopt;
  if (!minor) return std::nullopt;
  mapping.offset = *offset;
  mapping.device = *major << 20 | *minor;
  const size_t digits = std::min(line.find(' '), line.size());
  std::string_view inode = line.substr(0, digits);
  const auto [stop, error] =
      std::from_chars(inode.data(), inode.data() + inode.size(), mapping.inode);
  if (error != std::errc() || stop != inode.data() + inode.size()) return std::nullopt;
  TakePath(line.substr(digits), mapping);
  return mapping;
}

}  // namespace

std::vector<Mapping> ParseMaps(std::string_view text) {
  std::vector<Mapping> maps;
  for (const std::string_view line : Parts(text, '\n')) {
    if (maps.size() >= kMostMappings) break;
    std::optional<Mapping> mapping = ParseLine(line);
    // The kernel lists them in order; what is read while they change may repeat one.
    if (mapping && (maps.empty() || mapping->range.start >= maps.back().range.end))
      maps.push_back(std::move(*mapping));
  }
  return maps;
}

const Mapping* FindMapping(const std::vector<Mapping>& maps, uint64_t address) {
  const auto after = std::upper_bound(
      maps.begin(), maps.end(), address,
      [](uint64_t value, const Mapping& mapping) { return value < mapping.range.start; });
  if (after == maps.begin()) return nullptr;
  const Mapping& mapping = *std::prev(after);
  return mapping.range.Contains(address) ? &mapping : nullptr;
}

std::vector<Range> Without(const std::vector<Range>& whole, const std::vector<Range>& holes) {
  std::vector<Range> rest;
  for (const Range& range : whole) {
    uint64_t start = range.start;
    auto hole =
        std::lower_bound(holes.begin(), holes.end(), range.start,
                         [](const Range& one, uint64_t address) { return one.end <= address; });
    for (; hole != holes.end() && hole->start < range.end; ++hole) {
      if (hole->start > start) rest.push_back({start, hole->start});
      start = std::max(start, hole->end);
    }
    if (start < range.end) rest.push_back({start, range.end});
  }
  return rest;
}

}  // namespace leaktrack::witness

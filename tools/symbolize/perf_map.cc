// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/perf_map.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace leaktrack {
namespace {

constexpr off_t kMostBytes = off_t{256} << 20;
constexpr size_t kMostLines = 4'000'000;
constexpr size_t kLongestLine = 4 << 10;
constexpr size_t kBuffer = 64 << 10;

// Takes a hexadecimal number and the spaces behind it off the front.
bool TakeHex(std::string_view& text, uint64_t& number) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.starts_with(' ')) return false;
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return true;
}

class JitSymbolizer : public Symbolizer {
 public:
  JitSymbolizer(PerfMap map, std::unique_ptr<Symbolizer> files)
      : map_(std::move(map)), files_(std::move(files)) {}

  void Prepare(std::span<const capture::Frame> frames) override { files_->Prepare(frames); }

  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    if (capture::FrameModule(frame) != capture::kUnknownModule) return files_->Resolve(frame);
    const auto [at, fresh] = frames_.try_emplace(frame);
    if (fresh) {
      at->second = files_->Resolve(frame);
      const std::string name = map_.NameOf(capture::FrameAddress(frame));
      if (!name.empty()) at->second.front().function = name;
    }
    return at->second;
  }

  std::vector<MissingSymbols> missing() const override { return files_->missing(); }

 private:
  PerfMap map_;
  std::unique_ptr<Symbolizer> files_;
  std::unordered_map<capture::Frame, std::vector<ResolvedFrame>> frames_;
};

}  // namespace

// What stood where the line's code stands now is gone. False: it is no line of a map.
bool PerfMap::Clear(std::string_view& line, uint64_t& start, uint64_t& end) {
  uint64_t size = 0;
  if (!TakeHex(line, start) || !TakeHex(line, size) || size == 0 || line.empty() ||
      start + size < start)
    return false;
  end = start + size;
  auto before = functions_.upper_bound(start);
  if (before != functions_.begin() && std::prev(before)->second.end > start)
    before = std::prev(before);
  while (before != functions_.end() && before->first < end) before = functions_.erase(before);
  return true;
}

void PerfMap::Add(std::string_view line, std::span<const uint64_t> wanted) {
  uint64_t start = 0, end = 0;
  if (!Clear(line, start, end)) return;
  const auto first = std::lower_bound(wanted.begin(), wanted.end(), start);
  if (first != wanted.end() && *first < end) functions_[start] = {end, std::string(line)};
}

PerfMap PerfMap::Parse(std::string_view text) {
  PerfMap map;
  for (size_t lines = 0; !text.empty() && lines < kMostLines; ++lines) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    uint64_t start = 0, end = 0;
    if (map.Clear(line, start, end)) map.functions_[start] = {end, std::string(line)};
  }
  return map;
}

std::string PerfMap::NameOf(uint64_t address) const {
  auto after = functions_.upper_bound(address);
  if (after == functions_.begin()) return "";
  const auto& [start, function] = *std::prev(after);
  return address < function.end ? function.name : "";
}

namespace {

bool IsOf(const PerfMapOrigin& origin, const struct stat& facts) {
  const bool owned = facts.st_uid == origin.owner || facts.st_uid == 0 || facts.st_uid == geteuid();
  const int64_t changed = facts.st_mtim.tv_sec;
  return owned && S_ISREG(facts.st_mode) && facts.st_size <= kMostBytes &&
         changed >= origin.not_before && changed <= origin.not_after;
}

PerfMap ReadLines(int fd, std::span<const uint64_t> wanted) {
  PerfMap map;
  std::string line;
  std::vector<char> buffer(kBuffer);
  size_t lines = 0;
  off_t at = 0;
  for (ssize_t got; at < kMostBytes && lines < kMostLines &&
                    (got = pread(fd, buffer.data(), buffer.size(), at)) > 0;
       at += got) {
    std::string_view rest(buffer.data(), static_cast<size_t>(got));
    while (!rest.empty() && lines < kMostLines) {
      const size_t end = rest.find('\n');
      line += rest.substr(0, std::min(end, kLongestLine - line.size()));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
      map.Add(line, wanted);
      line.clear();
      ++lines;
    }
  }
  map.Add(line, wanted);
  return map;
}

}  // namespace

PerfMap ReadPerfMap(const std::string& path, const PerfMapOrigin& origin,
                    std::span<const uint64_t> wanted) {
  if (wanted.empty()) return {};
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
  if (fd < 0) return {};
  struct stat facts {};
  PerfMap map = fstat(fd, &facts) == 0 && IsOf(origin, facts) ? ReadLines(fd, wanted) : PerfMap();
  close(fd);
  return map;
}

std::unique_ptr<Symbolizer> NewJitSymbolizer(PerfMap map, std::unique_ptr<Symbolizer> files) {
  return std::make_unique<JitSymbolizer>(std::move(map), std::move(files));
}

}  // namespace leaktrack

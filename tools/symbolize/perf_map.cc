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
  JitSymbolizer(PerfMap map, std::unique_ptr<Symbolizer> files) : map_(std::move(map)), files_(std::move(files)) {}

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

PerfMap PerfMap::Parse(std::string_view text) {
  PerfMap map;
  for (size_t lines = 0; !text.empty() && lines < kMostLines; ++lines) {
    const size_t length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    uint64_t start = 0, size = 0;
    if (!TakeHex(line, start) || !TakeHex(line, size) || size == 0 || line.empty() || start + size < start) continue;
    // What stood there before is gone.
    auto before = map.functions_.upper_bound(start);
    if (before != map.functions_.begin() && std::prev(before)->second.end > start) before = std::prev(before);
    while (before != map.functions_.end() && before->first < start + size) before = map.functions_.erase(before);
    map.functions_[start] = {start + size, std::string(line)};
  }
  return map;
}

std::string PerfMap::NameOf(uint64_t address) const {
  auto after = functions_.upper_bound(address);
  if (after == functions_.begin()) return "";
  const auto& [start, function] = *std::prev(after);
  return address < function.end ? function.name : "";
}

PerfMap ReadPerfMap(const std::string& path, int64_t started_at) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
  if (fd < 0) return {};
  struct stat facts;
  std::string text;
  if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= kMostBytes && facts.st_mtim.tv_sec >= started_at) {
    text.resize(static_cast<size_t>(facts.st_size));
    size_t filled = 0;
    for (ssize_t got = 1; got > 0 && filled < text.size(); filled += got > 0 ? static_cast<size_t>(got) : 0) {
      got = pread(fd, text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
    }
    text.resize(filled);
  }
  close(fd);
  return PerfMap::Parse(text);
}

std::unique_ptr<Symbolizer> NewJitSymbolizer(PerfMap map, std::unique_ptr<Symbolizer> files) {
  return std::make_unique<JitSymbolizer>(std::move(map), std::move(files));
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/source_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

constexpr off_t kMostBytes = off_t{8} << 20;
constexpr size_t kMostColumns = 200;
constexpr std::string_view kEndings[] = {
    ".c",   ".cc",  ".cpp", ".cxx", ".c++", ".C",   ".h",  ".hh",  ".hpp",  ".hxx",
    ".ipp", ".tcc", ".inl", ".inc", ".rs",  ".go",  ".d",  ".zig", ".m",    ".mm",
    ".S",   ".y",   ".l",   ".pyx", ".f",   ".f90", ".ml", ".nim", ".swift"};

bool LooksLikeSource(std::string_view path) {
  return path.starts_with('/') && std::ranges::any_of(kEndings, [&](std::string_view ending) {
           return path.ends_with(ending);
         });
}

// Empty if it is no regular file of bearable size. `changed` is set with the text.
std::string ReadText(const std::string& path, int64_t& changed) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return "";
  struct stat facts;
  std::string text;
  if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= kMostBytes) {
    text.resize(static_cast<size_t>(facts.st_size));
    const ssize_t got = pread(fd, text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    changed = facts.st_mtim.tv_sec;
  }
  close(fd);
  return text;
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

int64_t ChangedAt(const std::string& path) {
  struct stat facts;
  return !path.empty() && stat(path.c_str(), &facts) == 0 ? facts.st_mtim.tv_sec : INT64_MAX;
}

}  // namespace

std::string PrintableSource(const std::string& line) {
  std::string plain;
  for (const char c : line.substr(0, line.find('\r'))) {
    if (c == '\t') {
      plain.append(4 - plain.size() % 4, ' ');
    } else {
      plain += c;
    }
  }
  return ShortenMiddle(SafeText(plain), kMostColumns);
}

const SourceLines::File& SourceLines::Read(const std::string& path) {
  const auto [at, fresh] = files_.try_emplace(path);
  File& file = at->second;
  if (!fresh || !LooksLikeSource(path)) return file;
  std::string text = sysroot_.empty() ? "" : ReadText(sysroot_ + path, file.changed);
  if (text.empty()) text = ReadText(path, file.changed);
  file.lines = LinesOf(text);
  return file;
}

std::optional<SourceExcerpt> SourceLines::Around(const ResolvedFrame& frame, uint32_t around) {
  if (frame.line == 0 || frame.file.empty()) return std::nullopt;
  const File& file = Read(frame.file);
  if (frame.line > file.lines.size()) return std::nullopt;
  SourceExcerpt excerpt;
  excerpt.first_line = frame.line > around ? frame.line - around : 1;
  const size_t last = std::min<size_t>(file.lines.size(), size_t{frame.line} + around);
  for (size_t line = excerpt.first_line; line <= last; ++line)
    excerpt.lines.push_back(PrintableSource(file.lines[line - 1]));
  excerpt.newer_than_program = file.changed > ChangedAt(frame.module);
  return excerpt;
}

}  // namespace leaktrack

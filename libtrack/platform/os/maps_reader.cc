// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/maps_reader.h"

#include <fcntl.h>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

constexpr long kInterrupted = -4;  // -EINTR

bool TakeNumber(std::string_view& text, unsigned base, char separator, uint64_t& value) {
  value = 0;
  size_t i = 0;
  for (; i < text.size() && text[i] != separator; ++i) {
    const char c = text[i];
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                                                  : 99;
    if (digit >= base) return false;
    value = value * base + digit;
  }
  if (i == 0) return false;
  text.remove_prefix(i < text.size() ? i + 1 : i);
  return true;
}

}  // namespace

bool ParseMapsLine(std::string_view text, MapsLine& line) {
  uint64_t major;
  uint64_t minor;
  if (!TakeNumber(text, 16, '-', line.start) || !TakeNumber(text, 16, ' ', line.end)) return false;
  if (text.size() < 5 || line.end <= line.start) return false;
  line.readable = text[0] == 'r';
  line.writable = text[1] == 'w';
  line.executable = text[2] == 'x';
  text.remove_prefix(5);
  if (!TakeNumber(text, 16, ' ', line.offset) || !TakeNumber(text, 16, ':', major) ||
      !TakeNumber(text, 16, ' ', minor) || !TakeNumber(text, 10, ' ', line.inode)) {
    return false;
  }
  line.device = major << 32 | minor;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  line.path = text;
  return true;
}

MapsReader::MapsReader(std::span<char> buffer)
    : MapsReader(buffer, raw::OpenAt(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}

MapsReader::MapsReader(std::span<char> buffer, int fd) : buffer_(buffer), fd_(fd) {
  LEAKTRACK_DCHECK(!buffer.empty());
}

MapsReader::~MapsReader() {
  if (fd_ >= 0) raw::Close(fd_);
}

bool MapsReader::Refill() {
  for (size_t i = begin_; i < end_; ++i) buffer_[i - begin_] = buffer_[i];
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    end_ = 0;
    skipping_ = true;
  }
  long got;
  do {
    got = raw::Read(fd_, buffer_.data() + end_, buffer_.size() - end_);
  } while (got == kInterrupted);
  if (got < 0) failed_ = true;
  if (got <= 0) return false;
  end_ += static_cast<size_t>(got);
  return true;
}

bool MapsReader::Next(MapsLine& line) {
  if (fd_ < 0) return false;
  for (size_t look = begin_;;) {
    while (look < end_ && buffer_[look] != '\n') ++look;
    if (look == end_) {
      look -= begin_;
      if (!Refill()) return false;
      if (skipping_) look = 0;
      continue;
    }
    const std::string_view text(buffer_.data() + begin_, look - begin_);
    begin_ = ++look;
    const bool whole = !skipping_;
    skipping_ = false;
    if (whole && ParseMapsLine(text, line)) return true;
  }
}

}  // namespace leaktrack::track

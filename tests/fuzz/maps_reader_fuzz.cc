// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of /proc/<pid>/maps against the simplest possible reader.
//
// Input: the size of the reader's buffer (1 byte), then the file. Every line that fits the buffer
// and parses must come out, in order, and nothing else.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "libtrack/platform/os/maps_reader.h"

namespace {

using namespace leaktrack::track;  // NOLINT

std::vector<std::string> PlainReading(std::string_view text, size_t buffer_bytes) {
  std::vector<std::string> lines;
  MapsLine line;
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    if (end < buffer_bytes && ParseMapsLine(text.substr(0, end), line))
      lines.emplace_back(line.path);
  }
  return lines;
}

std::vector<std::string> OurReading(int fd, size_t buffer_bytes) {
  std::vector<char> buffer(buffer_bytes);
  MapsReader reader(buffer, fd);
  std::vector<std::string> lines;
  MapsLine line;
  while (reader.Next(line)) {
    if (line.end <= line.start) abort();
    lines.emplace_back(line.path);
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t buffer_bytes = 1 + size_t{data[0]};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int fd = memfd_create("maps", MFD_CLOEXEC);
  if (fd < 0 || pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    abort();
  if (OurReading(fd, buffer_bytes) != PlainReading(text, buffer_bytes)) abort();
  return 0;
}

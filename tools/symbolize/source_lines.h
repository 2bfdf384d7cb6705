// SPDX-License-Identifier: Apache-2.0
//
// The lines of source around a place, where the source is on this machine.
//
// Promises: opens regular files only, whose names end as sources do: a binary may claim that its
// source is somebody's private key, and a report is passed on. Text is safe to print. Says whether
// the file was changed after the program was built, for then its lines may have moved.
// Limits: files up to 8 MiB, lines cut at 200 columns, relative names are not looked for.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_SOURCE_LINES_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_SOURCE_LINES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct SourceExcerpt {
  uint32_t first_line = 0;
  std::vector<std::string> lines;
  bool newer_than_program = false;
};

// A line of source as it is shown: tabs as spaces, safe to print, cut in the middle where it is
// long.
std::string PrintableSource(const std::string& line);

class SourceLines {
 public:
  // `sysroot` is put before the names first; plain names are tried after it.
  explicit SourceLines(std::string sysroot = {}) : sysroot_(std::move(sysroot)) {}

  // The line of a frame and `around` lines on each side; empty where there is none.
  std::optional<SourceExcerpt> Around(const ResolvedFrame& frame, uint32_t around);

 private:
  struct File {
    std::vector<std::string> lines;
    int64_t changed = 0;  // seconds since 1970
  };
  const File& Read(const std::string& path);

  std::string sysroot_;
  std::map<std::string, File> files_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_SOURCE_LINES_H_

// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/history_file.h"

#include <filesystem>
#include <system_error>

#include "tools/base/replace_file.h"
#include "tools/base/user_files.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFileBytes = 256 << 10;  // 512 lines are less

std::string FileIn(const std::string& directory) { return directory + "/plateaus"; }

}  // namespace

std::string DefaultHistoryDirectory() { return UserDirectory("XDG_STATE_HOME", ".local/state"); }

PlateauBook ReadHistory(const std::string& directory) {
  return directory.empty() ? PlateauBook() : PlateauBook::Parse(ReadAtMost(FileIn(directory), kMostFileBytes));
}

bool AddToHistory(const std::string& directory, const PlateauBook& learned) {
  if (directory.empty()) return false;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return false;
  PlateauBook book = ReadHistory(directory);
  book.Merge(learned);
  return ReplaceFile(FileIn(directory), "", book.Text()).ok();
}

}  // namespace leaktrack

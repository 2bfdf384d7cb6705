// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/history_file.h"

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/base/notice.h"
#include "tools/base/private_directory.h"
#include "tools/base/user_files.h"

namespace leaktrack {
namespace {

constexpr size_t kMostFileBytes = 256 << 10;  // 512 lines are less
constexpr char kFile[] = "plateaus";

std::optional<PrivateDirectory> Open(const HistoryPlace& place, PrivateDirectory::Missing missing) {
  if (place.directory.empty()) return std::nullopt;
  absl::StatusOr<PrivateDirectory> found =
      place.named ? PrivateDirectory::OpenNamed(place.directory, missing)
                  : PrivateDirectory::Open(place.directory, missing);
  if (found.ok()) return *std::move(found);
  if (absl::IsFailedPrecondition(found.status())) {
    const absl::string_view why = found.status().message();
    SayNothingIsKept({why.data(), why.size()});
  }
  return std::nullopt;
}

PlateauBook ReadFrom(const PrivateDirectory& directory) {
  return PlateauBook::Parse(directory.Read(kFile, kMostFileBytes));
}

}  // namespace

HistoryPlace HistoryAt(const std::string& named) {
  return named.empty() ? HistoryPlace{DefaultHistoryDirectory(), false} : HistoryPlace{named, true};
}

std::string DefaultHistoryDirectory() { return UserDirectory("XDG_STATE_HOME", ".local/state"); }

PlateauBook ReadHistory(const HistoryPlace& place) {
  const std::optional<PrivateDirectory> directory = Open(place, PrivateDirectory::Missing::kLeave);
  return directory ? ReadFrom(*directory) : PlateauBook();
}

bool AddToHistory(const HistoryPlace& place, const PlateauBook& learned) {
  const std::optional<PrivateDirectory> directory = Open(place, PrivateDirectory::Missing::kMake);
  if (!directory) return false;
  PlateauBook book = ReadFrom(*directory);
  book.Merge(learned);
  return directory->Replace(kFile, book.Text()).ok();
}

}  // namespace leaktrack

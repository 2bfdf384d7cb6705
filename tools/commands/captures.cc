// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/captures.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/fold.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/recorders.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr char kSealedSuffix[] = ".sealed.ltk";

bool SameFile(const std::string& a, const std::string& b) {
  struct stat first {
  }, second{};
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Whether the capture that the recorder names is there, and is another file: the end of the run
// belongs into that one.
std::string OriginalOf(const std::string& recorder, const std::string& path) {
  RecorderEntry entry;
  std::error_code error;
  if (!ReadRecorder(recorder, &entry) || !fs::is_regular_file(entry.capture_path, error)) return "";
  const bool of_this_run = entry.run_id != 0 && RunIdOf(entry.capture_path) == entry.run_id;
  return of_this_run && !SameFile(entry.capture_path, path) ? entry.capture_path : "";
}

// The owner is dead and its last moments lie in tmpfs. Empty: they are in the file now. Else why
// not.
std::string Fold(const std::string& recorder, const std::string& path) {
  if (const std::string original = OriginalOf(recorder, path); !original.empty()) {
    return absl::StrCat(path, ": is a copy of ", original,
                        ", and the end of the run is added to that file");
  }
  capture::FoldOptions options;
  options.capture_path = path;
  std::string why;
  switch (capture::FoldRecorder(recorder, options, &why)) {
    case capture::FoldResult::kFolded:
    case capture::FoldResult::kAlreadyFolded:
    case capture::FoldResult::kGone:
      return "";
    case capture::FoldResult::kOwnerAlive:
      return absl::StrCat(path, ": not known from here whether its process lives");
    case capture::FoldResult::kFailed:
      break;
  }
  return why;
}

// The names of sealed copies beside these. A copy tells of the same run, and of less of it.
std::set<std::string> CopiesOf(const std::vector<std::string>& paths) {
  std::set<std::string> copies;
  for (const std::string& path : paths) copies.insert(SealedBeside(path));
  return copies;
}

// Sorts.
void LeaveOutCopies(std::vector<std::string>& paths) {
  std::sort(paths.begin(), paths.end());
  const std::set<std::string> copies = CopiesOf(paths);
  std::erase_if(paths, [&copies](const std::string& path) { return copies.contains(path); });
}

absl::Status Explain(const capture::DecodeResult& result) {
  const std::string message = SafeText(result.message);
  switch (result.failure) {
    case capture::DecodeFailure::kCannotRead:
      return absl::NotFoundError(message);
    case capture::DecodeFailure::kNotACapture:
      return absl::InvalidArgumentError(message);
    case capture::DecodeFailure::kTooNew:
      return absl::FailedPreconditionError(message);
    case capture::DecodeFailure::kNone:
    case capture::DecodeFailure::kTooDamaged:
      break;
  }
  return absl::DataLossError(message);
}

// A capture without a header: the disk was full when the run began, and the recorder may hold
// everything.
absl::StatusOr<capture::Capture> OpenUnbegun(const std::string& path,
                                             const capture::DecodeResult& failed) {
  const std::string recorder = RecorderOf(path);
  std::error_code error;
  if (recorder.empty() && fs::file_size(path, error) == 0 && !error) {
    return absl::DataLossError(absl::StrCat(
        SafeText(path), ": empty (the disk was full, or the process was killed as it began), and ",
        "its flight recorder in ", kRecorderDirectory, " is gone: nothing of this run is left"));
  }
  if (recorder.empty()) return Explain(failed);
  const bool folded = Fold(recorder, path).empty();
  capture::DecodeResult result = capture::DecodeCaptureFile(folded ? path : recorder);
  if (result.failure != capture::DecodeFailure::kNone) return Explain(result);
  result.capture.path = path;
  return std::move(result.capture);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ListCaptures(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kCaptureSuffix) paths.push_back(it->path().string());
  }
  if (error) return absl::NotFoundError(absl::StrCat(SafeText(directory), ": ", error.message()));
  LeaveOutCopies(paths);
  return paths;
}

std::string SealedBeside(const std::string& capture_path) {
  const bool named = capture_path.ends_with(kCaptureSuffix);
  return absl::StrCat(
      capture_path.substr(0, capture_path.size() - (named ? strlen(kCaptureSuffix) : 0)),
      kSealedSuffix);
}

std::vector<std::string> CapturesBelow(const std::string& directory, std::string* problem) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator it(directory, fs::directory_options::skip_permission_denied,
                                      error),
      end;
  for (; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().extension() == kCaptureSuffix && !it->is_directory(ignored))
      paths.push_back(it->path().string());
  }
  if (error) *problem = absl::StrCat(SafeText(directory), ": ", error.message());
  LeaveOutCopies(paths);
  return paths;
}

absl::StatusOr<std::vector<std::string>> CapturesAt(const std::string& path) {
  struct stat info {};
  const bool there = stat(path.c_str(), &info) == 0;
  const std::string why = there ? "" : strerror(errno);
  if (there && !S_ISDIR(info.st_mode)) return std::vector<std::string>{path};
  std::vector<std::string> paths = OrphansOf(path);
  if (!there && paths.empty()) {
    return absl::NotFoundError(absl::StrCat(
        SafeText(path), ": ", why, "; give a capture (*.ltk) or a directory with captures"));
  }
  if (there) {
    ASSIGN_OR_RETURN(const std::vector<std::string> listed, ListCaptures(path));
    paths.insert(paths.begin(), listed.begin(), listed.end());
  }
  if (paths.empty()) {
    return absl::NotFoundError(
        absl::StrCat(SafeText(path),
                     ": no capture (*.ltk) in this directory; make one with: "
                     "leaktrack run -o ",
                     SafeText(path), " -- COMMAND"));
  }
  return paths;
}

absl::StatusOr<std::vector<std::string>> CapturesAtAll(const std::vector<std::string>& places) {
  if (places.size() == 1) return CapturesAt(places.front());
  std::vector<std::string> paths;
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (const std::string& place : places) {
    ASSIGN_OR_RETURN(const std::vector<std::string> here, CapturesAt(place));
    for (const std::string& path : here) {
      struct stat info {};
      const bool there = stat(path.c_str(), &info) == 0;
      if (!there || seen.emplace(info.st_dev, info.st_ino).second) paths.push_back(path);
    }
  }
  const std::set<std::string> copies = CopiesOf(paths);
  std::erase_if(paths, [&copies](const std::string& path) { return copies.contains(path); });
  return paths;
}

absl::StatusOr<capture::Capture> OpenCapture(const std::string& path) {
  capture::DecodeResult result = capture::DecodeCaptureFile(path);
  if (result.failure == capture::DecodeFailure::kNotACapture ||
      result.failure == capture::DecodeFailure::kTooDamaged) {
    return OpenUnbegun(path, result);
  }
  if (result.failure != capture::DecodeFailure::kNone) return Explain(result);
  const std::string recorder = result.capture.process.recorder_path;
  if (result.capture.running || !result.capture.recorder_used || recorder.empty())
    return std::move(result.capture);
  result.capture.fold_problem = Fold(recorder, path);
  if (!result.capture.fold_problem.empty()) return std::move(result.capture);
  capture::DecodeResult again = capture::DecodeCaptureFile(path);
  if (again.failure != capture::DecodeFailure::kNone) return std::move(result.capture);
  return std::move(again.capture);
}

}  // namespace leaktrack

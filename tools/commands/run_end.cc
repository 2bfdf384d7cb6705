// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/run_end.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/fold.h"
#include "libtrack/capture/read/owner.h"
#include "libtrack/capture/read/recorder_image.h"
#include "tools/commands/captures.h"
#include "tools/commands/recorders.h"
#include "tools/commands/run_end_words.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

std::set<std::string> NamesIn(const std::string& directory) {
  std::set<std::string> names;
  const auto paths = ListCaptures(directory);
  if (!paths.ok()) return names;
  for (const std::string& path : *paths) names.insert(fs::path(path).filename().string());
  return names;
}

bool Exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

// What wait() told of the end, in the words of a capture.
capture::RunState EndState(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return capture::RunState::kExited;
  switch (WTERMSIG(wait_status)) {
    case SIGSEGV:
    case SIGABRT:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGTRAP:
    case SIGSYS:
      return capture::RunState::kCrashed;
    default:
      return capture::RunState::kKilled;
  }
}

// Where a run is written whose capture is gone: where it was to be, else where temporary files go.
std::vector<std::string> PlacesFor(const std::string& capture_path) {
  std::error_code ignored;
  const fs::path path(capture_path);
  fs::create_directories(path.parent_path(), ignored);
  return {capture_path, (fs::temp_directory_path(ignored) / path.filename()).string()};
}

bool MayLive(const std::string& recorder) {
  capture::RecorderImage image;
  std::string why;
  if (!image.Load(recorder, &why)) return false;
  const capture::Life life = capture::OwnerOf(*image.header()).life;
  return life == capture::Life::kAlive || life == capture::Life::kUnknown;
}

// The path of the capture that was written anew; empty: none was.
std::string Rescue(const RecorderEntry& recorder, const std::string& path,
                   capture::FoldOptions options) {
  std::string why;
  for (const std::string& place : PlacesFor(path)) {
    options.capture_path = place;
    const capture::FoldResult result = capture::FoldRecorder(recorder.path, options, &why);
    if (result == capture::FoldResult::kAlreadyFolded || result == capture::FoldResult::kGone)
      return "";  // the capture was complete when somebody removed it
    if (result != capture::FoldResult::kFolded) continue;
    Say(absl::StrCat(path,
                     ": was removed while the program ran; the run was written anew from its "
                     "flight recorder, without its history: "
                     "leaktrack report ",
                     place));
    return place;
  }
  if (!Exists(recorder.path)) return "";
  Say(absl::StrCat(path, ": was removed while the program ran, and cannot be written anew: ", why,
                   "; while the machine is up: leaktrack report ", recorder.path));
  return "";
}

// As Rescue().
std::string FoldOne(const RecorderEntry& recorder, const std::string& path, const ChildEnd& end) {
  capture::FoldOptions options;
  options.capture_path = path;
  // In another pid namespace the same number is another process.
  const bool ours =
      recorder.pid_namespace == 0 || recorder.pid_namespace == capture::OwnPidNamespace();
  if (ours && static_cast<pid_t>(recorder.pid) == end.pid) {
    options.end_state = EndState(end.wait_status);
    options.owner_is_dead = true;
    options.ended_ns = end.ended_ns;
    options.may_be_oom_kill = WIFSIGNALED(end.wait_status) && WTERMSIG(end.wait_status) == SIGKILL;
  }
  if (!Exists(path)) {
    // Of the living a report of the directory finds the recorder.
    const bool over = options.owner_is_dead || !MayLive(recorder.path);
    return over ? Rescue(recorder, path, options) : "";
  }
  std::string why;
  if (capture::FoldRecorder(recorder.path, options, &why) == capture::FoldResult::kFailed) {
    Say(absl::StrCat(recorder.path, ": the end of the run could not be written to its capture: ",
                     why, "; leaktrack report reads both while the machine is up"));
  }
  return "";
}

// Those of the captures that have appeared, and, within the bound of FindRecorders, those of
// captures that are gone again.
std::vector<RecorderEntry> RecordersOf(const std::set<std::string>& fresh) {
  std::set<uint64_t> run_ids;
  for (const std::string& path : fresh) run_ids.insert(RunIdOf(path));
  run_ids.erase(0);
  std::vector<RecorderEntry> found;
  if (!run_ids.empty()) found = FindRecorders(run_ids);
  for (RecorderEntry& any : FindRecorders({})) {
    if (!run_ids.contains(any.run_id)) found.push_back(std::move(any));
  }
  return found;
}

// The dead of this process tree: their captures lie in our directory. FoldRecorder leaves the
// living alone. The captures that were written anew.
std::set<std::string> FoldTheDead(const CapturePlace& place, const ChildEnd& end) {
  std::set<std::string> rescued;
  const std::string now = place.Now();
  for (const RecorderEntry& recorder : RecordersOf(place.NewCaptures())) {
    const fs::path path(recorder.capture_path);
    if (path.parent_path() != place.named()) continue;
    const fs::path there = now.empty() ? path : fs::path(now) / path.filename();
    const std::string fresh = FoldOne(recorder, there.string(), end);
    if (!fresh.empty()) rescued.insert(fresh);
  }
  return rescued;
}

}  // namespace

CapturePlace::CapturePlace(const std::string& directory)
    : named_(directory),
      fd_(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      before_(NamesIn(directory)) {}

CapturePlace::~CapturePlace() {
  if (fd_ >= 0) close(fd_);
}

std::string CapturePlace::Now() const {
  struct stat held {
  }, there{};
  if (fd_ < 0 || fstat(fd_, &held) != 0) return named_;
  const auto is_it = [&](const std::string& path) {
    return stat(path.c_str(), &there) == 0 && there.st_dev == held.st_dev &&
           there.st_ino == held.st_ino;
  };
  if (is_it(named_)) return named_;
  std::error_code error;
  const std::string now = fs::read_symlink(absl::StrCat("/proc/self/fd/", fd_), error).string();
  return !error && is_it(now) ? now : "";
}

std::set<std::string> CapturePlace::NewCaptures() const {
  std::set<std::string> fresh;
  const std::string now = Now();
  if (now.empty()) return fresh;
  for (const std::string& name : NamesIn(now)) {
    if (!before_.contains(name)) fresh.insert((fs::path(now) / name).string());
  }
  return fresh;
}

void FinishRun(const CapturePlace& place, const ChildEnd& end, bool tell) {
  const std::set<std::string> rescued = FoldTheDead(place, end);
  std::set<std::string> fresh = place.NewCaptures();
  fresh.insert(rescued.begin(), rescued.end());
  TellOfLostEnds(fresh);
  if (!tell) return;
  TellOfOomKills(fresh);
  TellOfCaptures(place, fresh, end);
  TellOfUntracked(fresh, end);
}

}  // namespace leaktrack

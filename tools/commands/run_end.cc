// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/run_end.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/fold.h"
#include "libtrack/capture/read/owner.h"
#include "libtrack/capture/read/recorder_image.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/commands/captures.h"
#include "tools/commands/recorders.h"
#include "tools/report/words/exec_words.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostRead = 8;  // captures that are looked into
constexpr size_t kMostLines = 4;

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

// A recorder that is gone was removed by its owner, who wrote the end of the run before; or by
// somebody else.
void TellOfLostEnds(const std::set<std::string>& captures) {
  constexpr size_t kMostLooks = 100;  // each is read as a whole
  std::vector<std::string> lost;
  size_t looks = 0;
  for (const std::string& path : captures) {
    if (++looks > kMostLooks) break;
    const capture::DecodeResult read = capture::DecodeCaptureFile(path);
    // One in private memory went with its process; the library said so at the start.
    const bool had_file = read.failure == capture::DecodeFailure::kNone &&
                          !read.capture.process.recorder_path.empty();
    if (had_file && read.capture.recorder_missing) lost.push_back(path);
  }
  if (lost.empty()) return;
  const std::string others =
      lost.size() > 1 ? absl::StrCat(" (and ", lost.size() - 1, " more)") : "";
  Say(absl::StrCat(lost[0], others,
                   ": the end of the run is missing, up to the last second or all of it: its "
                   "flight recorder is gone from ",
                   kRecorderDirectory, "; see that nothing cleans up or fills that file system"));
}

std::vector<std::string> OwnOf(const std::set<std::string>& captures, pid_t pid) {
  std::vector<std::string> own;
  const std::string mark = absl::StrCat(".", pid, ".");
  for (const std::string& path : captures) {
    if (fs::path(path).filename().string().find(mark) != std::string::npos) own.push_back(path);
  }
  return own;
}

// At most two lines, however many processes there were.
void TellOfCaptures(const CapturePlace& place, const std::set<std::string>& fresh,
                    const ChildEnd& end) {
  const std::string now = place.Now();
  if (now.empty() && fresh.empty()) {
    Say(absl::StrCat(place.named(),
                     ": was removed while the program ran, together with the captures"));
  } else if (!now.empty() && now != place.named()) {
    Say(absl::StrCat(place.named(), ": was moved to ", now,
                     " while the program ran, together with the captures"));
  }
  if (fresh.size() == 1) {
    Say(absl::StrCat("captured; read it with: leaktrack report ", *fresh.begin()));
  } else if (fresh.size() > 1) {
    Say(absl::StrCat(fresh.size(), " processes captured; read all with: leaktrack report ",
                     now.empty() ? place.named() : now));
    const std::vector<std::string> own = OwnOf(fresh, end.pid);
    if (own.size() == 1) Say(absl::StrCat("the command's own: leaktrack report ", own[0]));
  } else if (!now.empty()) {
    const std::string last =
        end.last_name.empty() ? ""
                              : absl::StrCat("; the program that ran last was '", end.last_name,
                                             "': leaktrack doctor says whether it can be tracked");
    Say(absl::StrCat("no capture appeared in ", now,
                     ": the program ended before the library could start, or dropped LD_PRELOAD",
                     last));
  }
}

// The last life of the command itself, by the captures of its process; null: none.
const capture::Capture* LastOf(const std::vector<capture::Capture>& captures, pid_t pid) {
  const capture::Capture* last = nullptr;
  for (const capture::Capture& one : captures) {
    if (one.process.pid != static_cast<uint32_t>(pid)) continue;
    if (last == nullptr || one.process.start_realtime_ns > last->process.start_realtime_ns)
      last = &one;
  }
  return last;
}

bool MallocWentPast(const capture::Capture& capture) {
  return std::ranges::any_of(capture.hooks, [](const auto& hook) {
    return hook.first == "malloc" && hook.second == capture::HookState::kBypassed;
  });
}

// What became of the command where its last life in a capture is not the whole of it.
std::string WhatIsMissing(const capture::Capture& last, const ChildEnd& end) {
  if (MallocWentPast(last)) {
    return absl::StrCat(
        "its calls of malloc bypassed the tracker: an allocator comes before it in LD_PRELOAD, "
        "or is part of the program; "
        "put the allocator behind the tracker: LD_PRELOAD=\"${LD_PRELOAD:+$LD_PRELOAD:}OTHER.so\"");
  }
  const bool told = std::ranges::any_of(
      last.execs, [](const capture::UntrackedExec& exec) { return !exec.of_child; });
  if (last.end_state != capture::RunState::kExec || told) return "";
  return absl::StrCat(
      "after ", FormatDuration(static_cast<double>(last.duration_ms) / 1e3),
      " it became another program",
      end.last_name.empty() ? "" : absl::StrCat(" ('", end.last_name, "')"),
      ", which left no capture; leaktrack doctor says why a program cannot be tracked");
}

// Programs of this tree that ran untracked, and why.
void TellOfUntracked(const std::set<std::string>& fresh, const ChildEnd& end) {
  std::vector<std::string> paths = OwnOf(fresh, end.pid);
  for (const std::string& path : fresh) {
    if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
  }
  std::vector<capture::Capture> captures;
  for (size_t i = 0; i < std::min(kMostRead, paths.size()); ++i) {
    capture::DecodeResult result = capture::DecodeCaptureFile(paths[i]);
    if (result.failure == capture::DecodeFailure::kNone)
      captures.push_back(std::move(result.capture));
  }
  std::vector<std::string> lines;
  if (const capture::Capture* last = LastOf(captures, end.pid); last != nullptr) {
    const std::string missing = WhatIsMissing(*last, end);
    if (!missing.empty())
      lines.push_back(absl::StrCat(last->process.program, " (pid ", end.pid, "): ", missing));
  }
  for (const capture::Capture& one : captures) {
    for (const capture::UntrackedExec& exec : one.execs) {
      lines.push_back(
          absl::StrCat(one.process.program, " (pid ", one.process.pid, "): ", ExecText(exec)));
    }
  }
  for (size_t i = 0; i < std::min(kMostLines, lines.size()); ++i) Say(lines[i]);
  if (lines.size() > kMostLines)
    Say(absl::StrCat("and ", lines.size() - kMostLines,
                     " more programs ran untracked; the reports name them"));
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

void Say(const std::string& text) { fprintf(stderr, "leaktrack: %s\n", SafeText(text).c_str()); }

void FinishRun(const CapturePlace& place, const ChildEnd& end, bool tell) {
  const std::set<std::string> rescued = FoldTheDead(place, end);
  std::set<std::string> fresh = place.NewCaptures();
  fresh.insert(rescued.begin(), rescued.end());
  TellOfLostEnds(fresh);
  if (!tell) return;
  TellOfCaptures(place, fresh, end);
  TellOfUntracked(fresh, end);
}

}  // namespace leaktrack

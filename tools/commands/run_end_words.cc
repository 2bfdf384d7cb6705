// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/run_end_words.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/decoder.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/commands/recorders.h"
#include "tools/report/words/end_words.h"
#include "tools/report/words/exec_words.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostRead = 8;  // captures that are looked into
constexpr size_t kMostLines = 4;

std::vector<std::string> OwnOf(const std::set<std::string>& captures, pid_t pid) {
  std::vector<std::string> own;
  const std::string mark = absl::StrCat(".", pid, ".");
  for (const std::string& path : captures) {
    if (fs::path(path).filename().string().find(mark) != std::string::npos) own.push_back(path);
  }
  return own;
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

}  // namespace

void Say(const std::string& text) { fprintf(stderr, "leaktrack: %s\n", SafeText(text).c_str()); }

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

void TellOfOomKills(const std::set<std::string>& fresh) {
  size_t looks = 0;
  size_t told = 0;
  for (const std::string& path : fresh) {
    if (++looks > kMostRead || told == kMostLines) break;
    const capture::DecodeResult read = capture::DecodeCaptureFile(path);
    if (read.failure != capture::DecodeFailure::kNone || !read.capture.oom_kill) continue;
    const capture::ProcessInfo& process = read.capture.process;
    Say(absl::StrCat(process.program, " (pid ", process.pid,
                     "): ", OomKillText(*read.capture.oom_kill)));
    ++told;
  }
}

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

}  // namespace leaktrack

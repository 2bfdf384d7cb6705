// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/exec_words.h"

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

using capture::ExecFate;

struct Words {
  const char* name;
  const char* because;  // after "which ran untracked: "
  const char* remedy;
};

Words WordsOf(ExecFate why) {
  switch (why) {
    case ExecFate::kPreloadGone:
      return {"preload_gone", "its environment had no LD_PRELOAD (env -i, unset, sudo ...)",
              "let LD_PRELOAD and LEAKTRACK_OUT through, or put leaktrack run in front of the "
              "program itself"};
    case ExecFate::kPreloadReplaced:
      return {"preload_replaced", "LD_PRELOAD was set anew, without the tracker",
              "where that is done, write LD_PRELOAD=\"${LD_PRELOAD:+$LD_PRELOAD:}OTHER.so\""};
    case ExecFate::kLibraryOutOfReach:
      return {
          "library_out_of_reach",
          "LD_PRELOAD names the tracker by a path that it does not see (a chroot or container?)",
          "put the library there, at the same path"};
    case ExecFate::kStatic:
      return {"static", "it is statically linked", "link it dynamically to track it"};
    case ExecFate::kRaisesRights:
      return {"raises_rights",
              "it has set-id bits or file capabilities, with which the loader ignores LD_PRELOAD",
              "start a copy without them, or as the user that it runs as"};
    case ExecFate::kOtherMachine:
      return {"other_machine", "it is no x86-64 program", "track a 64-bit build"};
    case ExecFate::kOtherLibc:
      return {"other_libc", "it uses musl, and the tracker needs glibc", "track a build for glibc"};
    case ExecFate::kTracked:
      break;
  }
  return {"unknown", "this leaktrack does not know why", "read the capture with a newer one"};
}

}  // namespace

const char* FateName(ExecFate why) { return WordsOf(why).name; }

std::string ExecText(const capture::UntrackedExec& exec) {
  const Words words = WordsOf(exec.why);
  const std::string when =
      absl::StrCat("after ", FormatDuration(static_cast<double>(exec.time_ms) / 1e3));
  const std::string path = SafeText(exec.path);
  const std::string what = exec.of_child ? absl::StrCat(when, " it started ", path)
                                         : absl::StrCat(when, " it became ", path);
  return absl::StrCat(what, ", which ran untracked: ", words.because, "; ", words.remedy);
}

}  // namespace leaktrack

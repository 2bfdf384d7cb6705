// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/process_checks.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/inspect/place_checks.h"
#include "tools/inspect/program_checks.h"

namespace leaktrack {
namespace {

bool Maps(const ProcessFacts& facts, absl::string_view library) {
  return std::any_of(facts.libraries.begin(), facts.libraries.end(),
                     [&](const std::string& path) { return absl::StrContains(path, library); });
}

Finding Tracked(const ProcessFacts& facts) {
  if (Maps(facts, "/libleaktrack.so")) {
    return {Level::kOk, "tracked", absl::StrCat("is tracked; captures go to ", facts.output), ""};
  }
  if (facts.preload_asked) {
    return {
        Level::kWarning, "tracked",
        "was started with the library in LD_PRELOAD, but it is not loaded",
        "see the other findings; if none of them is the reason, put the library at that path in "
        "the process's own root directory"};
  }
  return {Level::kNote, "tracked",
          "is not tracked: a preload takes effect only when a program starts",
          "restart it (or one replica) under leaktrack run"};
}

Finding Secure(const ProcessFacts& facts) {
  if (!facts.secure) return {Level::kOk, "secure", "was not started with raised rights", ""};
  return {Level::kBlocker, "secure",
          "was started with raised rights (AT_SECURE): the loader ignores LD_PRELOAD",
          "start it directly as the user it runs as, without set-id bits or file capabilities"};
}

// If the parent has a filter too, the filter was there before the program started, and the library
// starts under it.
Finding Seccomp(const ProcessFacts& facts) {
  if (facts.seccomp == 0) return {Level::kOk, "seccomp", "has no seccomp filter", ""};
  if (facts.seccomp == 1) {
    return {Level::kWarning, "seccomp",
            "is in strict seccomp mode: the helper thread stops when the mode begins, and counting "
            "goes on in memory",
            "read the capture after the process has ended"};
  }
  if (SeccompMode(facts.parent) == 2) {
    return {Level::kNote, "seccomp", "runs under a seccomp filter that was there before it started",
            "if no capture appears, the filter forbids clone, openat, mmap, pwrite64 or fallocate: "
            "allow them, or set LEAKTRACK_THREAD=0"};
  }
  return {
      Level::kNote, "seccomp",
      "installs a seccomp filter itself: the library opens its files before that, and stops its "
      "helper thread when the filter is installed",
      "nothing to do; if the filter forbids threads, the capture is completed when the process "
      "ends"};
}

Finding LoadedSanitizer(const ProcessFacts& facts) {
  for (const char* library :
       {"/libasan.so", "/libtsan.so", "/liblsan.so", "/libclang_rt.asan", "/libclang_rt.tsan"}) {
    if (!Maps(facts, library)) continue;
    return {Level::kBlocker, "sanitizer",
            absl::StrCat("has ", library + 1, " loaded, which replaces malloc itself"),
            "build without the sanitizer to track it"};
  }
  return {Level::kOk, "sanitizer", "has no sanitizer loaded", ""};
}

Finding Readable(const ProcessFacts& facts) {
  if (facts.readable) return {Level::kOk, "access", "could be examined in full", ""};
  return {Level::kNote, "access",
          "belongs to another user: its maps and environment could not be read",
          "run doctor again as root or as that user"};
}

// The process as a whole tells more than its file.
void Replace(Findings& findings, Finding better) {
  for (Finding& one : findings) {
    if (one.check != better.check) continue;
    if (better.level > one.level) one = std::move(better);
    return;
  }
  findings.push_back(std::move(better));
}

}  // namespace

Findings CheckProcess(const ProcessFacts& facts) {
  Findings findings{Tracked(facts)};
  for (Finding& one : CheckProgramFile(facts.executable, facts.root, facts.file))
    findings.push_back(std::move(one));
  Replace(findings, LoadedSanitizer(facts));
  findings.push_back(Secure(facts));
  findings.push_back(Seccomp(facts));
  findings.push_back(CheckOutput(facts.root + facts.output, {facts.uid, facts.gid}));
  findings.push_back(CheckRecorderPlace(facts.root, {facts.uid, facts.gid}));
  findings.push_back(CheckKernel());
  findings.push_back(Readable(facts));
  return findings;
}

}  // namespace leaktrack

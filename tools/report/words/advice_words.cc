// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/advice_words.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

std::string FewerArenas(int64_t arenas) {
  const std::string now =
      arenas > 0 ? absl::StrCat(" (", FormatCount(static_cast<uint64_t>(arenas)), " now)") : "";
  return absl::StrCat(
      "set MALLOC_ARENA_MAX=2 in its environment (or GLIBC_TUNABLES=glibc.malloc.arena_max=2): "
      "fewer "
      "arenas",
      now, " keep less");
}

// Those that are the same for everybody.
const char* FixedText(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kPythonMalloc:
      return "PYTHONMALLOC=malloc in its environment shows who: Python's own arenas hide it now";
    case AdviceKind::kZendAlloc:
      return "USE_ZEND_ALLOC=0 in its environment shows who: PHP's own chunks hide it now";
    case AdviceKind::kGSlice:
      return "G_SLICE=always-malloc in its environment shows each block: GLib's slices hide some "
             "now";
    case AdviceKind::kJvmTools:
      return "of Java objects the JVM knows more: jcmd PID GC.class_histogram, and jcmd PID "
             "VM.native_memory after a start with -XX:NativeMemoryTracking=summary; up to -Xmx "
             "growth is no leak";
    case AdviceKind::kNodeTools:
      return "of JavaScript objects node knows more: node --heapsnapshot-signal=SIGUSR2 or "
             "--inspect; up to --max-old-space-size growth is no leak";
    case AdviceKind::kGoTools:
      return "of Go objects its own profile knows more: go tool pprof "
             "http://ADDRESS/debug/pprof/heap (net/http/pprof); up to GOMEMLIMIT growth is no leak";
    case AdviceKind::kTrim:
      return "call malloc_trim(0) after a peak: it gives free pages back, and shows how much can "
             "be";
    case AdviceKind::kFixedThresholds:
      return "set MALLOC_TRIM_THRESHOLD_=131072 and MALLOC_MMAP_THRESHOLD_=131072 (or "
             "GLIBC_TUNABLES="
             "glibc.malloc.trim_threshold=131072:glibc.malloc.mmap_threshold=131072): glibc then "
             "does not raise them by itself";
    case AdviceKind::kPinnedHeaps:
      return "try jemalloc: blocks that live long among short-lived ones pin whole heaps of glibc";
    case AdviceKind::kJemallocDecay:
      return "set MALLOC_CONF=background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0: pages "
             "go "
             "back sooner";
    case AdviceKind::kJemallocArenas:
      return "add narenas:4 to MALLOC_CONF where there are many threads";
    case AdviceKind::kTcmallocRelease:
      return "set TCMALLOC_RELEASE_RATE=10 in its environment, or call "
             "MallocExtension::ReleaseFreeMemory() after a peak";
    case AdviceKind::kTcmallocCaches:
      return "set TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=33554432 where there are many threads";
    case AdviceKind::kMimallocPurge:
      return "set MIMALLOC_PURGE_DELAY=0 (MIMALLOC_RESET_DELAY in 1.x): pages go back sooner";
    case AdviceKind::kReadSmaps:
      return "look into /proc/PID/smaps for what is largest: files stand there by name, stacks as "
             "[stack] or as 8 MiB of rw-p beside 4 KiB of ---p";
    case AdviceKind::kOnlyReserved:
      return "nothing under a memory limit: this only counts under ulimit -v, or without "
             "overcommit";
    case AdviceKind::kPreloadFirst:
    case AdviceKind::kLimitAboveMachine:
    case AdviceKind::kFewerArenas:
      break;
  }
  return "";
}

}  // namespace

bool HidesWho(AdviceKind advice, capture::SiteKind accused) {
  if (advice == AdviceKind::kPreloadFirst || advice == AdviceKind::kGSlice) return true;
  // The arenas of Python and PHP are mappings; their large blocks come from malloc.
  return (advice == AdviceKind::kPythonMalloc || advice == AdviceKind::kZendAlloc) &&
         accused == capture::SiteKind::kMapping;
}

std::string AdviceText(const Advice& advice) {
  if (advice.kind == AdviceKind::kFewerArenas) return FewerArenas(advice.number);
  if (advice.kind == AdviceKind::kPreloadFirst) {
    return absl::StrCat("put libleaktrack.so first in LD_PRELOAD: ", SafeText(advice.name),
                        " stands before it, and its blocks are not seen");
  }
  if (advice.kind == AdviceKind::kLimitAboveMachine) {
    return absl::StrCat("the limit lies above the machine's ",
                        FormatSize(static_cast<double>(advice.number)),
                        ": memory is full before the forecast says; a container limit below that "
                        "makes it true");
  }
  return FixedText(advice.kind);
}

std::vector<std::string> AdviceTexts(const MemoryResult& memory) {
  std::vector<std::string> texts;
  for (const Advice& advice : memory.advice) texts.push_back(AdviceText(advice));
  return texts;
}

}  // namespace leaktrack

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
      "MALLOC_ARENA_MAX=2 in its environment (or GLIBC_TUNABLES=glibc.malloc.arena_max=2): fewer "
      "arenas",
      now, ", less kept in each");
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
      return "malloc_trim(0) after a peak gives free pages back; it shows at once how much can be";
    case AdviceKind::kFixedThresholds:
      return "MALLOC_TRIM_THRESHOLD_=131072 and MALLOC_MMAP_THRESHOLD_=131072 (or GLIBC_TUNABLES="
             "glibc.malloc.trim_threshold=131072:glibc.malloc.mmap_threshold=131072) stop glibc "
             "from raising both";
    case AdviceKind::kPinnedHeaps:
      return "blocks that live long, made among those that do not, pin whole heaps: jemalloc "
             "copes better";
    case AdviceKind::kJemallocDecay:
      return "MALLOC_CONF=background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0 gives pages "
             "back sooner";
    case AdviceKind::kJemallocArenas:
      return "narenas:4 (MALLOC_CONF) where there are many threads";
    case AdviceKind::kTcmallocRelease:
      return "TCMALLOC_RELEASE_RATE=10 in its environment, or MallocExtension::ReleaseFreeMemory() "
             "after a peak";
    case AdviceKind::kTcmallocCaches:
      return "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=33554432 where there are many threads";
    case AdviceKind::kMimallocPurge:
      return "MIMALLOC_PURGE_DELAY=0 (MIMALLOC_RESET_DELAY in 1.x) gives pages back sooner";
    case AdviceKind::kReadSmaps:
      return "/proc/PID/smaps says which: stacks ([stack], or 8 MiB of rw-p beside 4 KiB of "
             "---p), files by name";
    case AdviceKind::kOnlyReserved:
      return "harmless under a memory limit; not so under ulimit -v, nor where overcommit is off";
    case AdviceKind::kPreloadFirst:
    case AdviceKind::kLimitAboveMachine:
    case AdviceKind::kFewerArenas:
      break;
  }
  return "";
}

}  // namespace

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

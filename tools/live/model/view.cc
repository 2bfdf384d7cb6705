// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/view.h"

#include <algorithm>

namespace leaktrack::live {
namespace {

struct CauseTerm {
  const char* name;
  const char* meaning;
};

CauseTerm TermOfCause(Cause cause) {
  switch (cause) {
    case Cause::kUndecided:
      return {"unknown", "watched too briefly to tell"};
    case Cause::kSteady:
      return {"steady", "does not grow by more than noise"};
    case Cause::kFalls:
      return {"falling", "gives memory back"};
    case Cause::kStartup:
      return {"startup", "grows, and is so young that it may be starting up"};
    case Cause::kSlowing:
      return {"slowing", "grew faster before: a cache that fills, or the end of a start-up"};
    case Cause::kReturning:
      return {"returning", "rises, and has been as high before"};
    case Cause::kAnonymous:
      return {"anonymous", "heap or mappings: its maps may not be read"};
    case Cause::kHeap:
      return {"heap", "what malloc gives out or keeps"};
    case Cause::kMappings:
      return {"mappings", "anonymous mappings beside the heap"};
    case Cause::kStacks:
      return {"stacks", "memory of its threads"};
    case Cause::kShared:
      return {"shmem", "shared memory: memfd, tmpfs, shm"};
    case Cause::kFiles:
      return {"page_cache", "pages of files, which the kernel drops when it needs memory"};
  }
  return {"unknown", ""};
}

}  // namespace

const char* CauseName(Cause cause) { return TermOfCause(cause).name; }
const char* CauseMeaning(Cause cause) { return TermOfCause(cause).meaning; }

std::optional<double> LimitView::used_fraction() const {
  if (bytes <= 0 || held < 0) return std::nullopt;
  return static_cast<double>(held) / static_cast<double>(bytes);
}

double LimitView::headroom() const {
  return std::max(0.0,
                  static_cast<double>(bytes) - static_cast<double>(std::max<int64_t>(held, 0)));
}

const CgroupView* HostView::FindCgroup(const std::string& path) const {
  const auto found =
      std::ranges::find_if(cgroups, [&](const CgroupView& one) { return one.now.path == path; });
  return found == cgroups.end() ? nullptr : &*found;
}

}  // namespace leaktrack::live

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/site_watch.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "tools/base/status_macros.h"
#include "tools/witness/judge.h"
#include "tools/witness/memory/process_memory.h"
#include "tools/witness/site_sums.h"
#include "tools/witness/tracked_blocks.h"

namespace leaktrack::witness {
namespace {

SiteMemory SiteFrom(Group& group) {
  SiteMemory site;
  site.site = group.site;
  site.objects = static_cast<double>(group.objects);
  site.bytes = static_cast<double>(group.bytes);
  site.memory = std::move(group.memory);
  const double share = static_cast<double>(site.memory.lost) /
                       static_cast<double>(std::max<uint64_t>(site.memory.examined, 1));
  site.lost_objects = static_cast<double>(site.memory.lost);
  site.lost_bytes = site.bytes * share;
  return site;
}

}  // namespace

SiteWatch::SiteWatch(pid_t pid, uint64_t run_id, SymbolizerOptions symbols)
    : pid_(pid), run_id_(run_id), symbols_(std::move(symbols)) {}

absl::StatusOr<RunMemory> SiteWatch::Look() {
  ASSIGN_OR_RETURN(const std::unique_ptr<Memory> memory, OpenProcessMemory(pid_, {}));
  ASSIGN_OR_RETURN(const TrackedBlocks tracked, ReadTrackedBlocks(*memory, pid_, run_id_));
  Reading reading = ReadGraph(*memory, HeapLimits(), tracked.excused);
  ClassifyBySite(tracked, classes_, reading);
  struct Look look;
  look.looks = ++looks_;
  Judge(*memory,
        {.reading = reading,
         .earlier = earlier_ ? &*earlier_ : nullptr,
         .classes = classes_,
         .symbols = symbols_},
        look);
  RunMemory result;
  result.run_id = tracked.run_id;
  result.moment = LookMoment::kAlive;
  result.looks = looks_;
  result.at_seconds = tracked.seconds;
  if (reading.heap.allocator.empty()) result.reason = "its allocator is not glibc's";
  for (Group& group : look.groups) {
    if (group.site != 0) result.sites.push_back(SiteFrom(group));
  }
  std::ranges::sort(result.sites, {}, &SiteMemory::site);
  earlier_ = Summarise(*memory, reading);
  return result;
}

}  // namespace leaktrack::witness

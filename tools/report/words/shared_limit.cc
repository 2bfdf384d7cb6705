// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/shared_limit.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/report/words/growth_words.h"

namespace leaktrack {
namespace {

constexpr size_t kMostPids = 5;

using LimitKey = std::pair<std::array<uint8_t, 16>, uint64_t>;  // boot and file

int64_t EndNs(const capture::Capture& capture) {
  return capture.process.start_realtime_ns + static_cast<int64_t>(capture.duration_ms) * 1'000'000;
}

bool AtTheSameTime(const capture::Capture& a, const capture::Capture& b) {
  return a.process.start_realtime_ns < EndNs(b) && b.process.start_realtime_ns < EndNs(a);
}

void NoteSharers(const std::vector<ReportInput*>& runs) {
  for (ReportInput* run : runs) {
    for (const ReportInput* other : runs) {
      if (other == run || !AtTheSameTime(run->capture, other->capture)) continue;
      run->sharers.pids.push_back(other->capture.process.pid);
      if (other->analysis.total_growth)
        run->sharers.growth_bytes_per_hour += other->analysis.total_growth->mid;
    }
  }
}

}  // namespace

void NoteSharedLimits(std::vector<ReportInput>& runs) {
  std::map<LimitKey, std::vector<ReportInput*>> by_limit;
  for (ReportInput& run : runs) {
    run.sharers = {};
    const capture::ProcessInfo& process = run.capture.process;
    if (process.limit_id != 0 && run.analysis.process.limit_kind == LimitKind::kCgroup) {
      by_limit[{process.boot_id, process.limit_id}].push_back(&run);
    }
  }
  for (const auto& [limit, sharers] : by_limit) NoteSharers(sharers);
}

std::string SharedLimitText(const ReportInput& input) {
  const std::vector<uint32_t>& pids = input.sharers.pids;
  if (pids.empty()) return "";
  std::string text = absl::StrCat("shared with ", pids.size(),
                                  pids.size() == 1 ? " other process that was captured (pid "
                                                   : " other processes that were captured (pids ");
  for (size_t i = 0; i < std::min(kMostPids, pids.size()); ++i)
    absl::StrAppend(&text, i == 0 ? "" : ", ", pids[i]);
  if (pids.size() > kMostPids) absl::StrAppend(&text, " and ", pids.size() - kMostPids, " more");
  absl::StrAppend(&text, ")");
  if (input.sharers.growth_bytes_per_hour > 0) {
    absl::StrAppend(&text, ", growing ", GrowthRate(input.sharers.growth_bytes_per_hour),
                    " in sum");
  }
  if (!Lives(input.capture)) return text;
  return absl::StrCat(
      text, "; a forecast here knows the growth of one process, so the limit may come sooner");
}

}  // namespace leaktrack

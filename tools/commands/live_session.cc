// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/live_session.h"

#include <time.h>

#include <optional>
#include <vector>

#include "tools/commands/command.h"
#include "tools/live/read/kernel_log.h"
#include "tools/live/read/text.h"

namespace leaktrack {

int64_t WallClock() { return static_cast<int64_t>(time(nullptr)); }

void LiveSession::Look() {
  std::vector<live::ProcessKey> closely;
  const bool due = first_look_ >= 0 && last_.seconds >= next_close_look_;
  if (due) closely = host_.Suspicious(live::kMostCloseLooks);
  last_ = reader_.Read(closely);
  if (first_look_ < 0) {
    first_look_ = last_.seconds;
    next_close_look_ = first_look_ + kFirstCloseLook;
  } else if (due) {
    // The second one soon, so that the first page can compare; then seldom.
    const bool second = last_.seconds - first_look_ < 2 * kFirstCloseLook;
    next_close_look_ = last_.seconds + (second ? kFirstCloseLook : kSecondsPerCloseLook);
    unreadable_ = last_.unseen.unreadable;
  }
  last_.unseen.unreadable = unreadable_;
  host_.Add(last_);
}

live::HostView LiveSession::View(size_t analysed) {
  live::HostView view = host_.Judge(levels_);
  tracked_.Fill(analysed, view);
  const std::optional<std::string> log = live::ReadKernelLog();
  view.unseen.no_kernel_log = !log;
  if (log) view.kills = live::KillsIn(*log, live::BootTime());
  live::AddCountedKills(last_.cgroups, view.kills);
  return view;
}

live::NextOptions NextStepsHere() {
  const std::optional<live::CgroupMount> mount =
      live::FindMemoryMount(live::ReadSmall("/proc/self/mountinfo", 4 << 20).value_or(""));
  return {FindCommand("look") != nullptr, FindCommand("attach") != nullptr,
          mount ? mount->folder : "/sys/fs/cgroup"};
}

}  // namespace leaktrack

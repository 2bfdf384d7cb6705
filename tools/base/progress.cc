// SPDX-License-Identifier: Apache-2.0
#include "tools/base/progress.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

#include "tools/base/safe_text.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr std::chrono::milliseconds kBetween(250);
constexpr char kErase[] = "\r\x1b[K";

bool CanErase(int fd) {
  const char* term = std::getenv("TERM");
  return isatty(fd) == 1 && term != nullptr && *term != 0 && std::string_view(term) != "dumb";
}

// A write from the background may stop the whole job (stty tostop).
bool InForeground(int fd) { return tcgetpgrp(fd) == getpgrp(); }

void Write(int fd, const std::string& text) {
  if (write(fd, text.data(), text.size()) < 0) return;  // it is only a courtesy
}

}  // namespace

Progress::Progress(std::string what, int fd, std::chrono::milliseconds quiet_for)
    : what_(std::move(what)), fd_(fd) {
  if (!CanErase(fd_)) return;
  try {
    thread_ = std::thread([this, quiet_for] { Run(quiet_for); });
  } catch (const std::system_error&) {
    // No thread is available: the line stays away.
  }
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  over_changed_.notify_all();
  thread_.join();
  if (drawn_ && InForeground(fd_)) Write(fd_, kErase);
}

void Progress::Step(uint64_t number, uint64_t all) {
  if (!thread_.joinable()) return;
  const std::lock_guard lock(mutex_);
  number_ = number;
  all_ = all;
}

void Progress::Run(std::chrono::milliseconds quiet_for) {
  std::unique_lock lock(mutex_);
  for (auto wait = quiet_for; !over_changed_.wait_for(lock, wait, [this] { return over_; });
       wait = kBetween)
    Draw();
}

void Progress::Draw() {
  if (!InForeground(fd_)) return;
  std::string text = what_;
  if (all_ > 1) text += ": " + FormatCount(number_) + " of " + FormatCount(all_);
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
  text += ", " + FormatDuration(static_cast<double>(seconds.count()));
  Write(fd_, kErase + ShortenMiddle(SafeText(text), static_cast<size_t>(TerminalColumns(fd_)) - 1));
  drawn_ = true;
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
//
// The screens of `top`, as lines of text, and what each key does to them.
//
// Promises: pure: same view, state and size, same lines; never more lines than rows, none wider
// than columns; names cannot act on the terminal. Without colour nothing is lost: the status is a
// word.
#ifndef LEAKTRACK_TOOLS_LIVE_WORDS_SCREEN_H_
#define LEAKTRACK_TOOLS_LIVE_WORDS_SCREEN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tools/live/model/view.h"

namespace leaktrack::live {

enum class SortBy : uint8_t { kTrouble, kResident, kGrowth, kName };

enum class Key : uint8_t { kCharacter, kUp, kDown, kEnter, kBack, kErase };

struct ScreenState {
  SortBy sort = SortBy::kTrouble;
  std::string filter;  // a part of the name of a process or a function
  bool paused = false, help = false, typing = false;  // typing: the filter
  size_t selected = 0;
  pid_t opened = 0;         // the process whose sites are shown; 0: the list of processes
  bool stack = false;       // of the selected site
  bool only_sites = false;  // a capture or one process was asked for: there is no list behind it
  bool quit = false;
};

struct ScreenInput {
  const HostView* host = nullptr;      // null: a capture alone
  const TrackedView* sites = nullptr;  // of the opened process; null: it is not tracked
  std::span<const Point> curve;        // of its memory
  std::span<const std::string> stack;  // of the site whose stack is shown, leaf first
  int64_t now = 0;
};

struct ScreenSize {
  size_t columns = 80, rows = 24;
  bool colour = false;
};

// Lines, each with its line end; at most `rows`.
std::string ScreenText(const ScreenInput& input, const ScreenState& state, const ScreenSize& size);

// The site that is selected; null: none.
const SiteSummary* SelectedSite(const ScreenInput& input, const ScreenState& state);

void TakeKey(Key key, char character, const ScreenInput& input, ScreenState& state);

// Eight heights of a bar for each of the last `columns` points.
std::string Sparkline(std::span<const Point> points, size_t columns);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_WORDS_SCREEN_H_

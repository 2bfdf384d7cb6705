// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/screen.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/live/words/phrases.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/page.h"

namespace leaktrack::live {
namespace {

constexpr char kHelp[] =
    "keys: up/down or j/k  select        enter  the sites of a process, the stack of a site\n"
    "      esc or b        back          s      sort: trouble, resident, growth, name\n"
    "      /               filter        p      pause\n"
    "      h or ?          this help     q      quit\n";

double RateOf(const ProcessView& process) {
  return process.growth.rate ? process.growth.rate->mid : 0;
}

bool Matches(const std::string& text, const std::string& filter) {
  return text.find(filter) != std::string::npos;
}

std::vector<const ProcessView*> Listed(const HostView& host, const ScreenState& state) {
  std::vector<const ProcessView*> list;
  for (const ProcessView& one : host.processes) {
    if (Matches(one.now.name, state.filter)) list.push_back(&one);
  }
  const auto by = [&](auto figure) {
    std::ranges::stable_sort(list, [&](const auto* a, const auto* b) { return figure(*a, *b); });
  };
  switch (state.sort) {
    case SortBy::kTrouble:
      break;  // as the host has them
    case SortBy::kResident:
      by([](const auto& a, const auto& b) { return a.now.resident > b.now.resident; });
      break;
    case SortBy::kGrowth:
      by([](const auto& a, const auto& b) { return RateOf(a) > RateOf(b); });
      break;
    case SortBy::kName:
      by([](const auto& a, const auto& b) { return a.now.name < b.now.name; });
      break;
  }
  return list;
}

std::vector<const SiteSummary*> Listed(const TrackedView* tracked, const ScreenState& state) {
  std::vector<const SiteSummary*> list;
  if (tracked == nullptr) return list;
  for (const SiteSummary& one : tracked->sites) {
    if (Matches(one.function, state.filter)) list.push_back(&one);
  }
  const auto rate = [](const SiteSummary* one) { return one->growth ? one->growth->mid : 0; };
  if (state.sort == SortBy::kGrowth) std::ranges::stable_sort(list, std::greater(), rate);
  if (state.sort == SortBy::kResident)
    std::ranges::stable_sort(list, std::greater(), &SiteSummary::live_bytes);
  if (state.sort == SortBy::kName) std::ranges::stable_sort(list, {}, &SiteSummary::function);
  return list;
}

const char* SortName(SortBy sort) {
  switch (sort) {
    case SortBy::kTrouble:
      return "trouble";
    case SortBy::kResident:
      return "resident";
    case SortBy::kGrowth:
      return "growth";
    case SortBy::kName:
      return "name";
  }
  return "";
}

std::string Pad(std::string text, size_t columns, bool right = false) {
  text = ShortenMiddle(text, columns);
  const size_t missing = columns - std::min(columns, DisplayColumns(text));
  return right ? std::string(missing, ' ') + text : text + std::string(missing, ' ');
}

// The rows that fit, with the selected one among them.
std::pair<size_t, size_t> Window(size_t count, size_t selected, size_t room) {
  if (room == 0) return {0, 0};
  const size_t first = selected >= room ? selected - room + 1 : 0;
  return {std::min(first, count), std::min(first + room, count)};
}

std::string ProcessRow(const ProcessView& one, size_t columns) {
  const double resident = static_cast<double>(std::max<int64_t>(one.now.resident, 0));
  std::string row = absl::StrCat(
      Pad(StatusWord(one.status), 12), " ", Pad(absl::StrCat(one.now.key.pid), 7, true), " ",
      Pad(SafeText(one.now.name) + (one.tracked ? " *" : ""), 14), " ",
      Pad(FormatSize(resident), 9, true), " ", Pad(GrowsText(one.growth), 12, true), " ",
      Pad(CauseName(one.cause), 10), " ", FullIn(one.outlook));
  if (columns > 110) absl::StrAppend(&row, "   ", LimitText(one.limit));
  return row;
}

std::string SiteRow(const SiteSummary& one) {
  return absl::StrCat(
      Pad(Name(one.verdict), 8), " ", Pad(FormatSize(one.live_bytes), 9, true), " ",
      Pad(Significant(one.growth) ? absl::StrCat("+", GrowthText(*one.growth)) : "-", 36), " ",
      SiteText(one));
}

template <typename Row>
void WriteRows(size_t count, const ScreenState& state, size_t room, const Row& row) {
  const auto [first, end] = Window(count, std::min(state.selected, count), room);
  for (size_t i = first; i < end; ++i) row(i, i == state.selected ? "> " : "  ");
}

void WriteProcesses(const HostView& host, const ScreenState& state, const ScreenSize& size,
                    size_t room, Page& page) {
  const std::vector<const ProcessView*> list = Listed(host, state);
  page.Line(absl::StrCat("  ", Pad("status", 12), " ", Pad("pid", 7, true), " ", Pad("name", 14),
                         " ", Pad("resident", 9, true), " ", Pad("grows", 12, true), " ",
                         Pad("class", 10), " full in"),
            Tint::kBold);
  WriteRows(list.size(), state, room > 0 ? room - 1 : 0, [&](size_t i, const char* mark) {
    page.Line(absl::StrCat(mark, ProcessRow(*list[i], size.columns)), TintOf(list[i]->status));
  });
}

const ProcessView* Opened(const ScreenInput& input, const ScreenState& state) {
  if (input.host == nullptr) return nullptr;
  const auto& all = input.host->processes;
  const auto found = std::ranges::find_if(
      all, [&](const ProcessView& one) { return one.now.key.pid == state.opened; });
  return found == all.end() ? nullptr : &*found;
}

size_t WriteProcessHead(const ScreenInput& input, const ScreenState& state, const ScreenSize& size,
                        Page& page) {
  const ProcessView* one = Opened(input, state);
  if (one == nullptr) {
    page.Line(input.host == nullptr ? "a capture" : "this process has ended", Tint::kBold);
    return 1;
  }
  page.Line(absl::StrCat(ProcessRow(*one, 80)), TintOf(one->status));
  const std::string full = FullText(one->outlook, input.now);
  const auto used = one->limit.used_fraction();
  page.Line(absl::StrCat("limit ", LimitText(one->limit), ", ",
                         used ? static_cast<int>(*used * 100 + .5) : 0, " % used",
                         full.empty() ? "" : ", full at ", full));
  page.Line(
      absl::StrCat("memory ", Sparkline(input.curve, std::min<size_t>(size.columns - 8, 100))));
  return 3;
}

void WriteSites(const ScreenInput& input, const ScreenState& state, const ScreenSize& size,
                size_t room, Page& page) {
  room -= std::min(room, WriteProcessHead(input, state, size, page) + 1);
  const std::vector<const SiteSummary*> list = Listed(input.sites, state);
  if (input.sites == nullptr || list.empty()) {
    const bool problem = input.sites != nullptr && !input.sites->problem.empty();
    page.Line(problem                  ? SafeText(input.sites->problem)
              : input.sites == nullptr ? "not tracked: leaktrack run shows who allocates"
                                       : "no site");
    return;
  }
  if (state.stack && state.selected < list.size()) {
    page.Line(SiteRow(*list[state.selected]), Tint::kBold);
    for (size_t i = 0; i < std::min(room, input.stack.size()); ++i)
      page.Line(absl::StrCat("    ", SafeText(input.stack[i])));
    return;
  }
  page.Line(absl::StrCat("  ", Pad("verdict", 8), " ", Pad("alive", 9, true), " ", Pad("grows", 36),
                         " place"),
            Tint::kBold);
  WriteRows(list.size(), state, room, [&](size_t i, const char* mark) {
    page.Line(absl::StrCat(mark, SiteRow(*list[i])),
              list[i]->verdict >= Verdict::kSuspect ? Tint::kRed : Tint::kNone);
  });
}

size_t Count(const ScreenInput& input, const ScreenState& state) {
  if (state.opened != 0 || input.host == nullptr) return Listed(input.sites, state).size();
  return Listed(*input.host, state).size();
}

void Enter(const ScreenInput& input, ScreenState& state) {
  if (state.opened != 0 || input.host == nullptr) {
    state.stack = true;
    return;
  }
  const std::vector<const ProcessView*> list = Listed(*input.host, state);
  if (state.selected >= list.size()) return;
  state.opened = list[state.selected]->now.key.pid;
  state.selected = 0;
  state.filter.clear();
}

void Back(ScreenState& state) {
  if (state.help) {
    state.help = false;
  } else if (state.stack) {
    state.stack = false;
  } else if (state.opened != 0 && !state.only_sites) {
    state.opened = 0;
    state.selected = 0;
  }
}

void TakeCharacter(char character, const ScreenInput& input, ScreenState& state) {
  switch (character) {
    case 'q':
      state.quit = true;
      break;
    case 's':
      state.sort = static_cast<SortBy>((static_cast<int>(state.sort) + 1) % 4);
      break;
    case 'p':
      state.paused = !state.paused;
      break;
    case 'h':
    case '?':
      state.help = !state.help;
      break;
    case '/':
      state.typing = true;
      state.filter.clear();
      break;
    case 'b':
      Back(state);
      break;
    case 'j':
    case 'k':
      TakeKey(character == 'j' ? Key::kDown : Key::kUp, 0, input, state);
      break;
    default:
      break;
  }
}

}  // namespace

std::string Sparkline(std::span<const Point> points, size_t columns) {
  constexpr std::string_view kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  points = points.last(std::min(columns, points.size()));
  if (points.empty()) return "";
  const auto [low, high] = std::ranges::minmax(points, {}, &Point::bytes);
  std::string line;
  for (const Point& point : points) {
    const double span = high.bytes - low.bytes;
    const double share = span > 0 ? (point.bytes - low.bytes) / span : 0;
    line += kBars[static_cast<size_t>(share * 7 + .5)];
  }
  return line;
}

std::string ScreenText(const ScreenInput& input, const ScreenState& state, const ScreenSize& size) {
  Page page(size.columns, size.colour);
  size_t room = size.rows > 2 ? size.rows - 2 : 0;
  const std::string filter =
      state.typing || !state.filter.empty()
          ? absl::StrCat("  filter: ", SafeText(state.filter), state.typing ? "_" : "")
          : "";
  page.Line(
      absl::StrCat(
          "leaktrack top", state.paused ? "  PAUSED" : "", "  by ", SortName(state.sort), filter,
          input.host == nullptr
              ? ""
              : absl::StrCat("  watched for ", FormatDuration(input.host->watched_seconds))),
      Tint::kBold);
  if (state.help) {
    std::string_view help = kHelp;
    for (; !help.empty() && room > 0; --room) {
      page.Line(help.substr(0, help.find('\n')));
      help.remove_prefix(std::min(help.find('\n') + 1, help.size()));
    }
    return page.text();
  }
  if (state.opened != 0 || input.host == nullptr)
    WriteSites(input, state, size, room, page);
  else
    WriteProcesses(*input.host, state, size, room, page);
  return page.text();
}

const SiteSummary* SelectedSite(const ScreenInput& input, const ScreenState& state) {
  const std::vector<const SiteSummary*> list = Listed(input.sites, state);
  return state.selected < list.size() ? list[state.selected] : nullptr;
}

void TakeKey(Key key, char character, const ScreenInput& input, ScreenState& state) {
  if (state.typing) {
    if (key == Key::kEnter || key == Key::kBack) state.typing = false;
    if (key == Key::kErase && !state.filter.empty()) state.filter.pop_back();
    if (key == Key::kCharacter) state.filter += character;
    state.selected = 0;
    return;
  }
  const size_t count = Count(input, state);
  if (key == Key::kUp && state.selected > 0) --state.selected;
  if (key == Key::kDown && state.selected + 1 < count) ++state.selected;
  if (key == Key::kEnter) Enter(input, state);
  if (key == Key::kBack) Back(state);
  if (key == Key::kCharacter) TakeCharacter(character, input, state);
}

}  // namespace leaktrack::live

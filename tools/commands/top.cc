// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack top`: processes by time to trouble, the places of one process, a capture; kept open in
// a terminal, or printed once.
//
// Promises: plain ANSI, so that it works over ssh and in any terminal; the terminal is as it was
// after q, ctrl-c and SIGTERM. Where there is no terminal it prints once.
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/analysis/analyze.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/commands/captures.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/live_session.h"
#include "tools/commands/output.h"
#include "tools/live/words/phrases.h"
#include "tools/live/words/screen.h"
#include "tools/symbolize/cached_symbolizer.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/symbolize/frame_store.h"

namespace leaktrack {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostAnalysed = 8;
constexpr size_t kOnceRows = 60;
constexpr auto kBetweenLooks = std::chrono::seconds(1);
constexpr int kKeyWaitMs = 200;
constexpr int kOnceLooks = 9;
constexpr auto kOnceStep = std::chrono::milliseconds(250);

constexpr char kExamples[] =
    "  leaktrack top                  all processes, by time to trouble\n"
    "  leaktrack top 4711             the places of one tracked process\n"
    "  leaktrack top captures/        a capture, also of a process that ended\n"
    "  leaktrack top --once           print and leave\n\n"
    "Keys: arrows or j k select, enter opens, esc or b goes back, s sorts, / filters, p pauses, h "
    "helps, q quits.";

struct TopOptions {
  std::string target;  // a pid, a capture or a directory of them; empty: all processes
  bool once = false;
};

void AddOptions(OptionList& list, TopOptions& options) {
  list.Footer(kExamples);
  list.Add("TARGET", options.target, "a process id, a capture, or a directory of captures");
  list.Flag("--once", options.once, "print once, and leave");
}

volatile std::sig_atomic_t g_ended = 0;
void End(int) { g_ended = 1; }

// The terminal in its bare form, and as it was again afterwards.
class RawTerminal {
 public:
  RawTerminal() {
    tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    struct sigaction action {};
    action.sa_handler = End;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
    Write("\x1b[?1049h\x1b[?25l");
  }
  ~RawTerminal() {
    Write("\x1b[?25h\x1b[?1049l");
    tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  static void Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
      if (written <= 0) return;
      text.remove_prefix(static_cast<size_t>(written));
    }
  }

 private:
  termios before_{};
};

live::ScreenSize SizeOfTerminal() {
  winsize size{};
  ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  return {size.ws_col == 0 ? size_t{80} : size.ws_col, size.ws_row == 0 ? size_t{24} : size.ws_row,
          WantColour(STDOUT_FILENO)};
}

// The frames of one site of a capture, leaf first, as they are shown. Read when somebody asks.
std::vector<std::string> StackOf(const std::string& path, uint64_t site) {
  const absl::StatusOr<capture::Capture> capture = OpenCapture(path);
  if (!capture.ok()) return {std::string(capture.status().message())};
  FrameCache cache(FrameStore::For({}));
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(*capture, {}, &cache, SealOf(*capture));
  const Analysis analysis = Analyze(*capture, *symbolizer);
  const auto found = std::ranges::find_if(analysis.sites, [&](const SiteResult& one) {
    return !one.sites.empty() && one.sites.front() == site;
  });
  std::vector<std::string> lines;
  if (found == analysis.sites.end()) return lines;
  for (const ResolvedFrame& frame : found->stack) {
    lines.push_back(live::SiteText(
        {0, frame.function, frame.file, frame.module, frame.line, Verdict::kNone, 0, {}}));
  }
  return lines;
}

// The stack that is on the screen, read once.
class ShownStack {
 public:
  void Fill(const live::ScreenState& state, live::ScreenInput& input) {
    const live::SiteSummary* site = state.stack ? SelectedSite(input, state) : nullptr;
    if (site == nullptr) return lines_.clear();
    if (lines_.empty() || site->site != site_) lines_ = StackOf(input.sites->capture, site->site);
    site_ = site->site;
    input.stack = lines_;
  }

 private:
  uint64_t site_ = 0;
  std::vector<std::string> lines_;
};

// Whatever is on the screen: the host, or one capture.
class Source {
 public:
  virtual ~Source() = default;
  virtual void Look() = 0;
  virtual live::ScreenInput Input(const live::ScreenState& state) = 0;
};

class HostSource : public Source {
 public:
  HostSource() : session_(live::kLiveLevels) {}
  void Look() override {
    session_.Look();
    view_ = session_.View(kMostAnalysed);
  }
  live::ScreenInput Input(const live::ScreenState& state) override {
    live::ScreenInput input{&view_, nullptr, {}, {}, WallClock()};
    for (const live::ProcessView& one : view_.processes) {
      if (one.now.key.pid != state.opened) continue;
      if (one.tracked) input.sites = &*one.tracked;
      if (const live::Curve* curve = session_.host().CurveOf(one.now.key))
        input.curve = curve->points();
    }
    stack_.Fill(state, input);
    return input;
  }
  bool Has(pid_t pid) const {
    return std::ranges::any_of(view_.processes,
                               [&](const auto& one) { return one.now.key.pid == pid; });
  }

 private:
  LiveSession session_;
  live::HostView view_;
  ShownStack stack_;
};

class CaptureSource : public Source {
 public:
  explicit CaptureSource(live::TrackedView view) : view_(std::move(view)) {}
  void Look() override {}
  live::ScreenInput Input(const live::ScreenState& state) override {
    live::ScreenInput input{nullptr, &view_, {}, {}, WallClock()};
    stack_.Fill(state, input);
    return input;
  }

 private:
  live::TrackedView view_;
  ShownStack stack_;
};

absl::StatusOr<std::unique_ptr<Source>> OpenCaptures(const std::string& target) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAt(target));
  if (paths.size() != 1)
    return absl::InvalidArgumentError(absl::StrCat(SafeText(target), ": stands for ", paths.size(),
                                                   " captures; name one of them"));
  ASSIGN_OR_RETURN(const capture::Capture capture, OpenCapture(paths.front()));
  FrameCache cache(FrameStore::For({}));
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(capture, {}, &cache, SealOf(capture));
  return std::make_unique<CaptureSource>(Summarize(capture, Analyze(capture, *symbolizer)));
}

absl::StatusOr<std::unique_ptr<Source>> OpenSource(const TopOptions& options,
                                                   live::ScreenState& state) {
  pid_t pid = 0;
  const bool is_pid = absl::SimpleAtoi(options.target, &pid) && pid > 0;
  state.only_sites = !options.target.empty();
  if (!options.target.empty() && !is_pid) return OpenCaptures(options.target);
  auto host = std::make_unique<HostSource>();
  host->Look();
  if (is_pid && !host->Has(pid))
    return absl::NotFoundError(absl::StrCat("there is no process ", pid, " to be seen"));
  state.opened = pid;
  return host;
}

struct Pressed {
  live::Key key = live::Key::kCharacter;
  char character = 0;
};

std::vector<Pressed> KeysIn(std::string_view bytes) {
  std::vector<Pressed> keys;
  while (!bytes.empty()) {
    Pressed one{live::Key::kCharacter, bytes[0]};
    size_t used = 1;
    if (bytes.starts_with("\x1b[A") || bytes.starts_with("\x1bOA")) {
      one.key = live::Key::kUp, used = 3;
    } else if (bytes.starts_with("\x1b[B") || bytes.starts_with("\x1bOB")) {
      one.key = live::Key::kDown, used = 3;
    } else if (bytes.starts_with("\x1b[") || bytes.starts_with("\x1bO")) {
      used = std::min<size_t>(bytes.size(), 3);  // another key of the terminal's
      one.character = 0;
    } else if (bytes[0] == '\x1b') {
      one.key = live::Key::kBack;
    } else if (bytes[0] == '\r' || bytes[0] == '\n') {
      one.key = live::Key::kEnter;
    } else if (bytes[0] == '\x7f' || bytes[0] == '\b') {
      one.key = live::Key::kErase;
    }
    keys.push_back(one);
    bytes.remove_prefix(used);
  }
  return keys;
}

// Waits for keys; whether any came. False at the end of the terminal.
bool TakeKeys(Source& source, live::ScreenState& state) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, kKeyWaitMs) <= 0) return true;
  char bytes[64];
  const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
  if (count <= 0) return (input.revents & POLLHUP) == 0;
  for (const Pressed& one : KeysIn({bytes, static_cast<size_t>(count)}))
    TakeKey(one.key, one.character, source.Input(state), state);
  return true;
}

void Draw(Source& source, const live::ScreenState& state, std::string& drawn) {
  std::string text = ScreenText(source.Input(state), state, SizeOfTerminal());
  if (text == drawn) return;
  drawn = text;
  std::string bytes = "\x1b[H\x1b[2J";
  for (const char c : text) bytes += c == '\n' ? "\r\n" : std::string(1, c);
  RawTerminal::Write(bytes);
}

void Interact(Source& source, live::ScreenState& state) {
  const RawTerminal terminal;
  std::string drawn;
  auto next = Clock::now();
  while (!state.quit && g_ended == 0) {
    if (!state.paused && Clock::now() >= next) {
      source.Look();
      next = Clock::now() + kBetweenLooks;
    }
    Draw(source, state, drawn);
    if (!TakeKeys(source, state)) return;
  }
}

absl::StatusOr<int> Run(const TopOptions& options) {
  live::ScreenState state;
  ASSIGN_OR_RETURN(const std::unique_ptr<Source> source, OpenSource(options, state));
  if (!options.once && isatty(STDOUT_FILENO) != 0 && isatty(STDIN_FILENO) != 0) {
    Interact(*source, state);
    return kExitNothingFound;
  }
  for (int i = 0; i < kOnceLooks && source->Input(state).host != nullptr; ++i) {
    std::this_thread::sleep_for(kOnceStep);
    source->Look();
  }
  const live::ScreenSize size{static_cast<size_t>(TerminalColumns(STDOUT_FILENO)), kOnceRows,
                              WantColour(STDOUT_FILENO)};
  RETURN_IF_ERROR(WriteOutput("", ScreenText(source->Input(state), state, size), Inputs()));
  return kExitNothingFound;
}

}  // namespace

constinit const Command kTop = MakeCommand<TopOptions, AddOptions, Run>(
    "top", "Shows in the terminal what grows: processes, or the places of one of them");

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tests/commands/command_fixture.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "tests/capture/run_fixture.h"
#include "tools/commands/command_line.h"
#include "tools/inspect/elf_facts.h"

// Never called: made runs have them in their stacks.
extern "C" __attribute__((noinline, used, visibility("default"))) int LeaksInMadeRuns(int x) {
  return x * 3 + 1;
}
extern "C" __attribute__((noinline, used, visibility("default"))) int ChurnsInMadeRuns(int x) {
  return x * 5 + 2;
}

namespace leaktrack::testing {
namespace {

namespace fs = std::filesystem;

// A standard stream goes to a file in memory as long as this lives.
class Caught {
 public:
  explicit Caught(int fd) : fd_(fd), before_(dup(fd)), caught_(memfd_create("caught", 0)) {
    dup2(caught_, fd_);
  }
  ~Caught() {
    dup2(before_, fd_);
    close(before_);
    close(caught_);
  }
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;
  std::string Text() const {
    std::string text(static_cast<size_t>(lseek(caught_, 0, SEEK_END)), '\0');
    if (pread(caught_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return "";
    return text;
  }

 private:
  int fd_, before_, caught_;
};

// Where a function lies in this program's file.
capture::Frame FrameOf(uint32_t module, int (*function)(int)) {
  Dl_info info{};
  dladdr(reinterpret_cast<void*>(function), &info);
  const auto address = reinterpret_cast<uintptr_t>(function);
  return capture::MakeFrame(module, address - reinterpret_cast<uintptr_t>(info.dli_fbase) + 1);
}

constexpr uint64_t kMostSteps = 1000;

// Blocks of one size that are born at each step, and die or not.
struct Site {
  capture::SiteId id = 0;
  uint64_t size = 0;
  bool frees = false;
};

class Builder {
 public:
  explicit Builder(const MadeRun& made) : made_(made), run_({.live_slots = 4096}) {
    capture::RecorderHeader& header = *run_.recorder.header();
    memset(header.boot_id, 0, sizeof header.boot_id);  // of no boot: dead everywhere
    header.pid = made.pid;
    header.run_id = made.run_id;
    header.configured_interval = 1;
    snprintf(header.program, sizeof header.program, "%s", made.program.c_str());
    snprintf(header.command, sizeof header.command, "%s --port 80", made.program.c_str());
    const std::string self = fs::read_symlink("/proc/self/exe").string();
    const uint32_t module =
        run_.recorder.AddModule(self, absl::HexStringToBytes(ReadElfFacts(self).build_id));
    leak_ = {run_.recorder.AddStack({FrameOf(module, LeaksInMadeRuns)}), made.leaked_bytes, false};
    churn_ = {run_.recorder.AddStack({FrameOf(module, ChurnsInMadeRuns)}), 500, true};
    run_.recorder.AddHook("malloc", capture::HookState::kActive);
    run_.recorder.AddHook("reallocarray", capture::HookState::kAbsent);
  }

  std::string Bytes() {
    run_.Create(nullptr);
    const uint64_t step = std::max<uint64_t>(5, made_.seconds / kMostSteps);
    for (uint64_t second = step; second <= made_.seconds; second += step) {
      Step(second);
      const bool last = made_.ends && second + step > made_.seconds;
      if (last) run_.recorder.header()->state = static_cast<uint32_t>(capture::RunState::kExited);
      run_.Epoch(1000 * second, last ? capture::EpochKind::kFinal : capture::EpochKind::kPeriodic);
    }
    return {run_.file.bytes().begin(), run_.file.bytes().end()};
  }

 private:
  void Step(uint64_t second) {
    const uint64_t birth_ms = 1000 * second - 500;
    if (leak_.size != 0) {
      run_.recorder.Birth(leak_.id, leak_.size);
      run_.recorder.SetLive(slot_++, {leak_.id, leak_.size, 1, birth_ms});
    }
    for (int i = 0; i < 4; ++i) {
      run_.recorder.Birth(churn_.id, churn_.size);
      run_.recorder.Death(churn_.id, 300, churn_.size);
    }
    run_.recorder.header()->live_count = slot_;
  }

  const MadeRun made_;
  TestRun run_;
  Site leak_, churn_;
  uint32_t slot_ = 0;
};

}  // namespace

Outcome RunTool(const std::vector<std::string>& arguments) {
  fflush(stdout);
  const Caught out(STDOUT_FILENO), err(STDERR_FILENO);
  Outcome outcome;
  outcome.exit = RunCommandLine(arguments);
  fflush(stdout);
  outcome.out = out.Text();
  outcome.err = err.Text();
  return outcome;
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

bool HasSource(const std::string& file) { return file.starts_with("/") && fs::exists(file); }

void RecordOneBlock(uint64_t run_id, RecorderBuilder& recorder) {
  recorder.header()->run_id = run_id;
  recorder.SetTime(60'000);
  const capture::SiteId site =
      recorder.AddStack({capture::MakeFrame(recorder.AddModule("/bin/app"), 0x1234)});
  recorder.Birth(site, 100);
  recorder.SetLive(7, {site, 100, 1, 5'000});
}

CommandTest::CommandTest() {
  std::string pattern = (fs::temp_directory_path() / "leaktrack-test.XXXXXX").string();
  directory_ = mkdtemp(pattern.data());
  setenv("HOME", directory_.c_str(), 1);
  for (const char* name : {"XDG_STATE_HOME", "XDG_CACHE_HOME", "LEAKTRACK_OUT", "LD_PRELOAD",
                           "GITHUB_STEP_SUMMARY", "DEBUGINFOD_URLS"})
    unsetenv(name);
  setenv("COLUMNS", "100", 1);
}

CommandTest::~CommandTest() { fs::remove_all(directory_); }

std::string CommandTest::Make(const MadeRun& run, const std::string& folder) const {
  const std::string path = Path(
      absl::StrFormat("%s/testhost.%s.%d.%016x.ltk", folder, run.program, run.pid, run.run_id));
  Write(path, Builder(run).Bytes());
  return fs::path(path).lexically_normal().string();
}

std::string CommandTest::MakeNoCapture(const std::string& name) const {
  Write(Path(name), std::string(100'000, 'x'));
  return Path(name);
}

}  // namespace leaktrack::testing

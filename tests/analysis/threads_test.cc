// SPDX-License-Identifier: Apache-2.0
//
// One capture, written and read as a real one, judged with the names of a real file: on all cores
// it must say what it says on one. Under the thread sanitizer, that nobody writes what another
// reads.
#include <elf.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sched.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/capture/run_fixture.h"
#include "tools/analysis/analyze.h"
#include "tools/base/parallel.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/symbolize/elf_file.h"

namespace leaktrack {
namespace {

using testing::TestRun;

// Many times what ParallelFor hands out at once.
constexpr uint64_t kSites = 300, kSeconds = 40;

// The code of this program, from the first to the last function, as offsets in its file's view.
struct Code {
  uint64_t start = 0, bytes = 0;
};

Code CodeOfThisProgram() {
  Code code;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& part = info->dlpi_phdr[i];
          if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0)
            *static_cast<Code*>(out) = {part.p_vaddr, part.p_memsz};
        }
        return 1;  // the program comes first
      },
      &code);
  return code;
}

// Some sites keep what they allocate, most free it after a while; all stacks lie in this very
// program.
capture::Capture MakeCapture() {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  TestRun run({.cells = 8192, .live_slots = 16'384, .arena_bytes = 1 << 20});
  const uint32_t module = run.recorder.AddModule(self);
  const Code code = CodeOfThisProgram();
  const auto at = [&](uint64_t part, uint64_t parts) {
    return code.start + code.bytes * part / parts;
  };
  std::vector<capture::SiteId> sites;
  for (uint64_t i = 0; i < kSites; ++i)
    sites.push_back(run.recorder.AddStack({capture::MakeFrame(module, at(i + 1, kSites + 2)),
                                           capture::MakeFrame(module, at(i % 7 + 1, 9))}));
  EXPECT_TRUE(run.Create(nullptr));
  uint32_t slot = 0;
  for (uint64_t second = 1; second <= kSeconds; ++second) {
    for (uint64_t i = 0; i < kSites; ++i) {
      const bool keeps = i % 10 == 0;
      run.recorder.Birth(sites[i], 100 + i, 1, 2);
      if (keeps) {
        run.recorder.SetLive(slot++,
                             {.site = sites[i], .size = 100 + i, .birth_ms = 1000 * second});
        run.recorder.Death(sites[i], 30, 100 + i);
      } else {
        run.recorder.Death(sites[i], 700 + 10 * i, 100 + i, 1, 2);
      }
    }
    EXPECT_TRUE(run.Epoch(1000 * second, second == kSeconds ? capture::EpochKind::kFinal
                                                            : capture::EpochKind::kPeriodic));
  }
  capture::Capture capture = run.DecodeFile().capture;
  struct stat info {};
  stat(self.c_str(), &info);
  std::string error;
  const std::unique_ptr<ElfFile> file = ElfFile::Open(self, &error);
  EXPECT_NE(file, nullptr) << error;
  for (capture::ModuleInfo& known : capture.modules) {
    known.inode = info.st_ino;
    if (file != nullptr) known.build_id = file->build_id();
  }
  return capture;
}

Analysis AnalyzeHere(const capture::Capture& capture) {
  FrameCache cache;
  return Analyze(capture, *NewCaptureSymbolizer(capture, {}, &cache, std::nullopt));
}

class OneCore {
 public:
  OneCore() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core) {
      if (CPU_ISSET(core, &before_)) CPU_SET(core, &one);
    }
    sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCore() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

TEST(AnalysisThreadsTest, OnAllCoresTheAnswerIsThatOfOne) {
  if (UsableCores() < 2) GTEST_SKIP() << "one core: nothing runs side by side";
  const capture::Capture capture = MakeCapture();
  ASSERT_EQ(capture.stacks.size(), kSites);
  const Analysis many = AnalyzeHere(capture);
  const Analysis one = [&] {
    const OneCore alone;
    EXPECT_EQ(UsableCores(), 1u);
    return AnalyzeHere(capture);
  }();
  ASSERT_GT(many.sites.size(), 16u);
  ASSERT_EQ(many.sites.size(), one.sites.size());
  size_t named = 0, growing = 0;
  for (size_t i = 0; i < many.sites.size(); ++i) {
    const SiteResult& site = many.sites[i];
    EXPECT_EQ(site.verdict, one.sites[i].verdict) << i;
    EXPECT_EQ(site.trend, one.sites[i].trend) << i;
    EXPECT_EQ(site.live_bytes, one.sites[i].live_bytes) << i;
    EXPECT_EQ(site.q_value, one.sites[i].q_value) << i;
    EXPECT_EQ(site.leak_probability, one.sites[i].leak_probability) << i;
    ASSERT_FALSE(site.stack.empty());
    EXPECT_EQ(site.stack[site.blame].function, one.sites[i].stack[one.sites[i].blame].function);
    named += site.stack[0].function.empty() ? 0 : 1;
    growing += site.verdict >= Verdict::kWatch ? 1 : 0;
  }
  EXPECT_GT(named, many.sites.size() / 2) << "by the symbols of this program";
  EXPECT_GT(growing, 0u);
}

}  // namespace
}  // namespace leaktrack

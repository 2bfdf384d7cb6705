// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/look.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/base/status_macros.h"
#include "tools/witness/judge.h"
#include "tools/witness/memory/core_memory.h"
#include "tools/witness/memory/proc_text.h"
#include "tools/witness/memory/process_memory.h"
#include "tools/witness/memory/text_parts.h"
#include "tools/witness/reading.h"

namespace leaktrack::witness {
namespace {

using Clock = std::chrono::steady_clock;

double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Which life of the process this is: its start, and the place of its program, which exec changes.
std::string LifeOf(pid_t pid) {
  const std::string stat = ProcText(absl::StrCat("/proc/", pid, "/stat"));
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return "";
  const std::vector<std::string_view> words =
      Parts(std::string_view(stat).substr(name_end + 1), ' ');
  if (words.size() < 26 || words[0] == "Z" || words[0] == "X") return "";
  return std::string(words[19]) + " " + std::string(words[23]) + " " + std::string(words[25]);
}

std::string CommandOf(pid_t pid) {
  std::string command = ProcText(absl::StrCat("/proc/", pid, "/cmdline"));
  std::replace(command.begin(), command.end(), '\0', ' ');
  return std::string(Trim(command));
}

uint64_t ResidentBytes(pid_t pid) {
  const std::string statm = ProcText(absl::StrCat("/proc/", pid, "/statm"));
  const std::vector<std::string_view> words = Parts(statm, ' ');
  uint64_t pages = 0;
  if (words.size() < 2) return 0;
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), pages);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void AddCost(const Memory& memory, Look& look) {
  look.bytes_read += memory.bytes_read();
  look.stopped_seconds += memory.stopped_seconds();
  look.unread_bytes = memory.unread_bytes();
}

void FinishLook(Memory& memory, const JudgeInput& input, Look& look) {
  const Heap& heap = input.reading.heap;
  look.allocator = heap.allocator;
  look.arenas = heap.arenas;
  Judge(memory, input, look);
  look.doubts.insert(look.doubts.end(), heap.doubts.begin(), heap.doubts.end());
  look.doubts.insert(look.doubts.end(), memory.doubts().begin(), memory.doubts().end());
  AddCost(memory, look);
}

// Growth that no kind of block explains is growth all the same: one block that is made anew in
// twice the size, mappings, stacks.
void DenyNothing(Look& look) {
  constexpr int64_t kLeastBytes = 1 << 20, kLeastPart = 20;
  const int64_t least = std::max(kLeastBytes, static_cast<int64_t>(look.resident) / kLeastPart);
  const bool may = look.conclusion == Conclusion::kNothing ||
                   (look.conclusion == Conclusion::kInconclusive && !look.allocator.empty());
  if (may && look.resident_growth.value_or(0) >= least) look.conclusion = Conclusion::kGrows;
}

class ProcessLook {
 public:
  ProcessLook(pid_t pid, const LookOptions& options) : pid_(pid), options_(options) {
    look_.pid = pid;
  }

  absl::StatusOr<Look> Make() {
    const double begin = ProcessorSeconds();
    life_ = LifeOf(pid_);
    look_.command = CommandOf(pid_);
    ASSIGN_OR_RETURN(std::unique_ptr<Memory> memory, Open());
    Clock::time_point read_at = Clock::now();
    const uint64_t resident_before = ResidentBytes(pid_);
    auto reading = std::make_unique<Reading>(Read(*memory));
    std::optional<Earlier> earlier;
    if (options_.seconds > 0) {
      Earlier first = Summarise(*memory, *reading);
      const double spent = SecondsSince(read_at);
      std::this_thread::sleep_for(std::chrono::duration<double>(options_.seconds - spent));
      if (life_.empty() || LifeOf(pid_) != life_) {
        look_.doubts.emplace_back(
            "the process ended, or became another program, before the second look");
      } else {
        reading.reset();  // there is room for one
        AddCost(*memory);
        ASSIGN_OR_RETURN(memory, Open());
        look_.seconds_between = SecondsSince(read_at);
        reading = std::make_unique<Reading>(Read(*memory));
        earlier = std::move(first);
        look_.resident_growth =
            static_cast<int64_t>(ResidentBytes(pid_)) - static_cast<int64_t>(resident_before);
      }
    }
    Finish(*memory, *reading, earlier ? &*earlier : nullptr);
    look_.cost_seconds = ProcessorSeconds() - begin;
    return std::move(look_);
  }

 private:
  absl::StatusOr<std::unique_ptr<Memory>> Open() const {
    return OpenProcessMemory(pid_, {.stop_for_registers = options_.registers});
  }

  Reading Read(Memory& memory) {
    ++look_.looks;
    return ReadHeap(memory, HeapLimits(), options_.symbols, classes_);
  }

  void AddCost(const Memory& memory) { witness::AddCost(memory, look_); }

  void Finish(Memory& memory, const Reading& reading, const Earlier* earlier) {
    look_.resident = ResidentBytes(pid_);
    FinishLook(memory,
               {.reading = reading,
                .earlier = earlier,
                .seconds_between = look_.seconds_between,
                .classes = classes_,
                .symbols = options_.symbols},
               look_);
    DenyNothing(look_);
  }

  const pid_t pid_;
  const LookOptions options_;
  std::string life_;
  Classes classes_;
  Look look_;
};

}  // namespace

absl::StatusOr<Look> LookAtCore(const std::string& path, const LookOptions& options) {
  const double begin = ProcessorSeconds();
  ASSIGN_OR_RETURN(const OpenedCore core, OpenCore(path, options.symbols.sysroot));
  Look look;
  look.core = path;
  look.command = core.command;
  look.pid = core.pid;
  look.looks = 1;
  Classes classes;
  const Reading reading = ReadHeap(*core.memory, HeapLimits(), options.symbols, classes);
  FinishLook(*core.memory,
             {.reading = reading,
              .earlier = nullptr,
              .stands_still = true,
              .classes = classes,
              .symbols = options.symbols},
             look);
  look.cost_seconds = ProcessorSeconds() - begin;
  return look;
}

absl::StatusOr<Look> LookAtProcess(pid_t pid, const LookOptions& options) {
  return ProcessLook(pid, options).Make();
}

}  // namespace leaktrack::witness

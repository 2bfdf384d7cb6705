// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/page_map.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace leaktrack::witness {
namespace {

constexpr uint64_t kPage = 4096;
constexpr size_t kBatch = 8192;
constexpr uint64_t kPresent = uint64_t{1} << 63, kSwapped = uint64_t{1} << 62,
                   kOfFile = uint64_t{1} << 61;

enum class State : uint8_t { kNeverWritten, kHere, kElsewhere };

State StateOf(uint64_t entry, bool shared) {
  if (shared) return (entry & kPresent) != 0 ? State::kHere : State::kElsewhere;
  if ((entry & kSwapped) != 0) return State::kElsewhere;
  return (entry & kPresent) != 0 && (entry & kOfFile) == 0 ? State::kHere : State::kNeverWritten;
}

}  // namespace

PageMap::PageMap(pid_t pid)
    : fd_(open(absl::StrCat("/proc/", pid, "/pagemap").c_str(), O_RDONLY | O_CLOEXEC)) {}

PageMap::~PageMap() {
  if (fd_ >= 0) close(fd_);
}

void PageMap::Written(const Mapping& mapping, Range range,
                      absl::FunctionRef<void(Range run, bool present)> visit) {
  std::vector<uint64_t> entries(kBatch);
  uint64_t page = range.start / kPage;
  const uint64_t end = (range.end + kPage - 1) / kPage;
  Range run;
  State run_state = State::kNeverWritten;
  const auto finish = [&] {
    if (run_state != State::kNeverWritten)
      visit({std::max(run.start, range.start), std::min(run.end, range.end)},
            run_state == State::kHere);
  };
  while (page < end) {
    const size_t want = std::min<uint64_t>(kBatch, end - page);
    const ssize_t got = fd_ < 0 ? -1
                                : pread(fd_, entries.data(), want * sizeof(uint64_t),
                                        static_cast<off_t>(page * sizeof(uint64_t)));
    const size_t count = got > 0 ? static_cast<size_t>(got) / sizeof(uint64_t) : 0;
    if (count == 0) std::fill_n(entries.begin(), want, kPresent);  // not known: taken as written
    for (size_t i = 0; i < (count == 0 ? want : count); ++i, ++page) {
      const State state = StateOf(entries[i], mapping.shared);
      if (state != run_state || run.end != page * kPage) {
        finish();
        run = {page * kPage, page * kPage};
        run_state = state;
      }
      run.end += kPage;
    }
  }
  finish();
}

}  // namespace leaktrack::witness

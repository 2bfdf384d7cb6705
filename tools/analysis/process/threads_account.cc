// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/threads_account.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace leaktrack {
namespace {

// Between a block's hook and pthread_create lie the loader's and the C library's own frames.
constexpr size_t kMostInnerFrames = 6;
constexpr double kMostThreadBytes = 8192;  // of the block; larger ones are the program's own

bool IsThreadStart(std::string_view function) {
  return function == "pthread_create" || function.starts_with("pthread_create@") ||
         function == "__pthread_create_2_1" || function.starts_with("__pthread_create_2_1@");
}

}  // namespace

std::optional<size_t> StartsThreads(const CallStack& stack) {
  for (size_t i = 0; i < std::min(stack.size(), kMostInnerFrames); ++i) {
    if (IsThreadStart(stack[i].function)) return i + 1 < stack.size() ? i + 1 : i;
  }
  return std::nullopt;
}

void TakeThreads(const MemorySeries& series, const std::vector<SiteResult>& sites,
                 MemoryResult& result) {
  result.threads_growth = SlopePerHour(series.hours, series.threads);
  for (const SiteResult& site : sites) {
    if (site.kind != capture::SiteKind::kHeap || site.live_objects < .5 || site.sites.empty() ||
        site.live_bytes > kMostThreadBytes * site.live_objects || !StartsThreads(site.stack))
      continue;
    ThreadStarter found;
    found.site = *std::min_element(site.sites.begin(), site.sites.end());
    found.threads = site.live_objects;
    if (!result.thread_starter || found.threads > result.thread_starter->threads)
      result.thread_starter = found;
  }
}

}  // namespace leaktrack

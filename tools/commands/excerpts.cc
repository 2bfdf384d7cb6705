// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/excerpts.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"

namespace leaktrack {
namespace {

constexpr size_t kSites = 100, kFrames = 12, kMost = 600;
constexpr uint32_t kAround = 3;

}  // namespace

std::map<std::string, SourceExcerpt> ReadExcerpts(const Analysis& analysis,
                                                  const std::string& sysroot) {
  SourceLines lines(sysroot);
  std::map<std::string, SourceExcerpt> excerpts;
  for (size_t i = 0; i < std::min(kSites, analysis.sites.size()); ++i) {
    const SiteResult& site = analysis.sites[i];
    for (size_t f = site.blame;
         f < std::min(site.stack.size(), site.blame + kFrames) && excerpts.size() < kMost; ++f) {
      const ResolvedFrame& frame = site.stack[f];
      std::optional<SourceExcerpt> excerpt = lines.Around(frame, kAround);
      if (excerpt) excerpts.emplace(absl::StrCat(frame.file, ":", frame.line), *std::move(excerpt));
    }
  }
  return excerpts;
}

}  // namespace leaktrack

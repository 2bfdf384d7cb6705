// SPDX-License-Identifier: Apache-2.0
#include "tools/report/input/stack_names.h"

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

int64_t Rounded(double value) {
  return std::isfinite(value) ? static_cast<int64_t>(std::llround(value)) : 0;
}

}  // namespace

std::string FrameName(const ResolvedFrame& frame) {
  if (!frame.function.empty()) return SafeText(frame.function);
  const std::string file = frame.module.substr(frame.module.rfind('/') + 1);
  return absl::StrCat(file.empty() ? "code without a file" : SafeText(file), "+0x",
                      absl::Hex(frame.offset));
}

size_t LeafOf(const SiteResult& site) {
  return site.stack.empty() ? 0 : BelowWrappers(site.stack, site.blame);
}

SiteFigures FiguresOf(const SiteResult& site) {
  return {Rounded(site.live_bytes), Rounded(site.live_objects), Rounded(site.born_bytes),
          site.growth ? Rounded(site.growth->mid) : 0};
}

}  // namespace leaktrack

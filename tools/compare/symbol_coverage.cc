// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/symbol_coverage.h"

#include <map>

namespace leaktrack {
namespace {

struct Frames {
  size_t named = 0, all = 0;
  // A stripped library still has its exported names.
  bool Mostly() const { return 2 * named > all; }
  bool Hardly() const { return 20 * named <= all; }
};

// By file name, because the builds of two versions lie in different folders.
std::map<std::string, Frames> FramesByModule(const std::vector<RunCounts>& runs) {
  std::map<std::string, Frames> modules;
  for (const RunCounts& run : runs) {
    for (const SiteCount& site : run.sites) {
      for (const ResolvedFrame& frame : site.stack) {
        Frames& frames = modules[frame.module.substr(frame.module.rfind('/') + 1)];
        frames.named += !frame.function.empty();
        ++frames.all;
      }
    }
  }
  return modules;
}

}  // namespace

std::string NamedOnOneSideOnly(const std::vector<RunCounts>& base,
                               const std::vector<RunCounts>& now) {
  const std::map<std::string, Frames> old = FramesByModule(base);
  for (const auto& [module, frames] : FramesByModule(now)) {
    const auto before = old.find(module);
    if (before == old.end()) continue;
    const Frames& other = before->second;
    if ((frames.Mostly() && other.Hardly()) || (frames.Hardly() && other.Mostly())) return module;
  }
  return "";
}

}  // namespace leaktrack

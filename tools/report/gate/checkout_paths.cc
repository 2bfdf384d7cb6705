// SPDX-License-Identifier: Apache-2.0
#include "tools/report/gate/checkout_paths.h"

namespace leaktrack {

namespace fs = std::filesystem;

fs::path FindCheckout(const fs::path& directory) {
  for (fs::path place = directory;; place = place.parent_path()) {
    std::error_code unreadable;
    if (fs::exists(place / ".git", unreadable)) return place;
    if (place == place.parent_path()) return directory;
  }
}

std::string PathBelow(const fs::path& root, const std::string& file) {
  const fs::path normal = fs::path(file).lexically_normal();
  if (!normal.is_absolute()) return normal.string();
  const fs::path below = normal.lexically_relative(root.lexically_normal());
  return below.empty() || *below.begin() == ".." || below == "." ? normal.string() : below.string();
}

void NameFilesBelow(const fs::path& root, GateResult& result) {
  for (GateSite& site : result.sites) {
    site.change.stack.Change([&](CallStack::Frames& frames) {
      for (ResolvedFrame& frame : frames) {
        if (!frame.file.empty()) frame.file = PathBelow(root, frame.file);
      }
    });
  }
}

}  // namespace leaktrack

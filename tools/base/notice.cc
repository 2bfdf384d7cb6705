// SPDX-License-Identifier: Apache-2.0
#include "tools/base/notice.h"

#include <cstdio>
#include <mutex>
#include <set>

#include "tools/base/safe_text.h"

namespace leaktrack {

void SayOnce(const std::string& text) {
  static std::mutex lock;
  static std::set<std::string> said;
  const std::lock_guard<std::mutex> guard(lock);
  if (said.insert(text).second) fprintf(stderr, "leaktrack: %s\n", SafeText(text).c_str());
}

void SayNothingIsKept(std::string_view why) {
  SayOnce(std::string("nothing is kept for later reports: ")
              .append(why)
              .append("; name directories of your own by XDG_CACHE_HOME and --history, or give "
                      "--no-symbol-cache and --no-history"));
}

}  // namespace leaktrack

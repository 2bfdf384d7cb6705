// SPDX-License-Identifier: Apache-2.0
//
// The frames of a page, each once. Internal to tools/report.
//
// Promises: every text is safe to show, and at most kMostNameColumns wide (cut in the middle, with
// "...").
#ifndef LEAKTRACK_TOOLS_REPORT_PAGE_HTML_FRAMES_H_
#define LEAKTRACK_TOOLS_REPORT_PAGE_HTML_FRAMES_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tools/report/json/json_parts.h"

namespace leaktrack {

inline constexpr size_t kMostNameColumns = 4096;

class HtmlFrames {
 public:
  // The numbers of a stack's frames in list(), leaf first.
  Json Stack(const CallStack& stack);

  // Each as the JSON report has it, with "name" (short) added.
  const Json& list() const { return list_; }

 private:
  std::map<std::tuple<std::string, uint64_t, std::string, std::string, uint32_t, bool>, size_t>
      numbers_;
  Json list_ = Json::array();
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_PAGE_HTML_FRAMES_H_

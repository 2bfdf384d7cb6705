// SPDX-License-Identifier: Apache-2.0
//
// One HTML file that needs nothing else: the program of tools/report/html, its styles, and the data
// that it draws.
//
// Promises: no request leaves the page, and nothing of the data can run: the content security
// policy allows the one script and the one style sheet that were built into this tool, by their
// hashes, and nothing else. The data is packed (gzip, base64) inside a data block, so no byte of it
// can end that block. Where no script runs, `plain_text` is shown instead.
// Limits: browsers of 2023 or later (DecompressionStream); older ones are told so.
#ifndef LEAKTRACK_TOOLS_REPORT_PAGE_HTML_PAGE_H_
#define LEAKTRACK_TOOLS_REPORT_PAGE_HTML_PAGE_H_

#include <string>

#include "tools/report/json/json_parts.h"

namespace leaktrack {

std::string HtmlPage(const std::string& title, const Json& data, const std::string& plain_text);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_PAGE_HTML_PAGE_H_

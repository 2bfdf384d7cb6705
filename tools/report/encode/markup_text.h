// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TOOLS_REPORT_ENCODE_MARKUP_TEXT_H_
#define LEAKTRACK_TOOLS_REPORT_ENCODE_MARKUP_TEXT_H_

#include <string>
#include <string_view>

namespace leaktrack {

// Any bytes as text of an element or attribute of HTML or XML. Control characters stay: SafeText
// comes first where they may be there.
std::string MarkupText(std::string_view text);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_ENCODE_MARKUP_TEXT_H_

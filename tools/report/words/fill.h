// SPDX-License-Identifier: Apache-2.0
//
// Sentences with blanks: "it doubles every {doubling}". Tables of words hold them; internal to
// tools/report.
//
// Promises: values are not looked at again, whatever they hold. A blank that is not closed is text.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_FILL_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_FILL_H_

#include <string>
#include <string_view>

namespace leaktrack {

// `value_of(name)` gives the text of a blank.
template <typename ValueOf>
std::string Fill(std::string_view sentence, const ValueOf& value_of) {
  std::string text;
  for (;;) {
    const size_t open = sentence.find('{');
    const size_t close = open == sentence.npos ? open : sentence.find('}', open);
    if (close == sentence.npos) return text.append(sentence);
    text.append(sentence.substr(0, open));
    text.append(value_of(sentence.substr(open + 1, close - open - 1)));
    sentence.remove_prefix(close + 1);
  }
}

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_FILL_H_

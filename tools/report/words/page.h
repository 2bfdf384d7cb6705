// SPDX-License-Identifier: Apache-2.0
//
// A page of text that never runs over its right edge.
//
// What: labelled lines, words wrapped under the label's column (prose in 100 columns at most),
// single lines shortened in the middle, where the page is too narrow for them. Promises: no line is
// wider than `columns`, whatever is put in; escape sequences appear only if colour was asked for,
// and come from here alone (text is expected to have gone through SafeText).
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_PAGE_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_PAGE_H_

#include <string>
#include <string_view>

namespace leaktrack {

enum class Tint { kNone, kBold, kRed, kYellow, kGreen, kDim };

class Page {
 public:
  explicit Page(size_t columns, bool colour) : columns_(columns), colour_(colour) {}

  // One line, shortened in the middle if it must be.
  void Line(std::string_view text, Tint tint = Tint::kNone);
  // `label` padded to `label_columns`, then the words of `text`, continued under their first
  // column.
  void Field(std::string_view label, std::string_view text, size_t label_columns = 11,
             Tint tint = Tint::kNone);
  void Blank() { text_ += '\n'; }
  // A command to paste: as it is, however long.
  void Raw(std::string_view text) { text_.append(text) += '\n'; }

  size_t columns() const { return columns_; }
  const std::string& text() const { return text_; }

 private:
  size_t columns_;
  bool colour_;
  std::string text_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_PAGE_H_

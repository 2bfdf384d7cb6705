// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/page.h"

#include <algorithm>

#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

constexpr size_t kMeasure = 100;  // of prose: the eye does not find the next line over more

const char* Escape(Tint tint) {
  switch (tint) {
    case Tint::kNone:
      return "";
    case Tint::kBold:
      return "\x1b[1m";
    case Tint::kRed:
      return "\x1b[1;31m";
    case Tint::kYellow:
      return "\x1b[1;33m";
    case Tint::kGreen:
      return "\x1b[1;32m";
    case Tint::kDim:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

void Page::Line(std::string_view text, Tint tint) {
  const bool tinted = colour_ && tint != Tint::kNone;
  if (tinted) text_ += Escape(tint);
  text_ += ShortenMiddle(text, columns_);
  if (tinted) text_ += "\x1b[0m";
  text_ += '\n';
}

void Page::Field(std::string_view label, std::string_view text, size_t label_columns, Tint tint) {
  const size_t measure = std::min(columns_, kMeasure);
  const size_t room = measure > label_columns + 10 ? measure - label_columns : 10;
  std::string line(label);
  line.resize(std::max(label_columns, line.size()), ' ');
  size_t used = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string word = ShortenMiddle(text.substr(0, end), room);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const size_t width = DisplayColumns(word);
    if (used > 0 && used + 1 + width > room) {
      Line(line, tint);
      line.assign(label_columns, ' ');
      used = 0;
    }
    if (used > 0) line += ' ';
    line += word;
    used += width + (used > 0);
  }
  Line(line, tint);
}

}  // namespace leaktrack

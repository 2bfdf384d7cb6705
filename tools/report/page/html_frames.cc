// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page/html_frames.h"

#include "tools/analysis/blame/blame.h"
#include "tools/base/safe_text.h"
#include "tools/report/input/stack_names.h"

namespace leaktrack {
namespace {

std::string Shown(std::string_view text) { return ShortenMiddle(SafeText(text), kMostNameColumns); }

Json ShownFrame(const ResolvedFrame& frame) {
  ResolvedFrame shown = frame;
  shown.function = Shown(frame.function);
  shown.file = Shown(frame.file);
  shown.module = Shown(frame.module);
  Json json = FrameJson(shown);
  json["name"] =
      frame.function.empty() ? Shown(FrameName(frame)) : Shown(QualifiedName(frame.function));
  return json;
}

}  // namespace

Json HtmlFrames::Stack(const CallStack& stack) {
  Json numbers = Json::array();
  for (const ResolvedFrame& frame : stack) {
    const auto [at, fresh] = numbers_.try_emplace(
        {frame.module, frame.offset, frame.function, frame.file, frame.line, frame.inlined},
        list_.size());
    if (fresh) list_.push_back(ShownFrame(frame));
    numbers.push_back(at->second);
  }
  return numbers;
}

}  // namespace leaktrack

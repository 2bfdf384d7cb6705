// SPDX-License-Identifier: Apache-2.0
//
// The destination of a long text. The text is written as it is made, and never held whole.
#ifndef LEAKTRACK_TOOLS_BASE_TEXT_SINK_H_
#define LEAKTRACK_TOOLS_BASE_TEXT_SINK_H_

#include <string>
#include <string_view>
#include <utility>

namespace leaktrack {

class TextSink {
 public:
  virtual ~TextSink() = default;
  // Takes pieces of any size, in order. The sink remembers a failure to write.
  virtual void Write(std::string_view piece) = 0;
};

class StringSink : public TextSink {
 public:
  void Write(std::string_view piece) override { text_ += piece; }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

// Returns what `write` writes. For short texts and tests.
template <typename Function>
std::string TextOf(const Function& write) {
  StringSink sink;
  write(sink);
  return sink.Take();
}

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_TEXT_SINK_H_

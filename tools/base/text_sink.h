// SPDX-License-Identifier: Apache-2.0
//
// Where a long text goes while it is made. It is written to a file as it comes, and never held
// whole.
#ifndef LEAKTRACK_TOOLS_BASE_TEXT_SINK_H_
#define LEAKTRACK_TOOLS_BASE_TEXT_SINK_H_

#include <string>
#include <string_view>
#include <utility>

namespace leaktrack {

class TextSink {
 public:
  virtual ~TextSink() = default;
  // Pieces of any size, in order. The sink remembers what could not be written.
  virtual void Write(std::string_view piece) = 0;
};

class StringSink : public TextSink {
 public:
  void Write(std::string_view piece) override { text_ += piece; }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

// All that `write` writes, for short texts and tests.
template <typename Function>
std::string TextOf(const Function& write) {
  StringSink sink;
  write(sink);
  return sink.Take();
}

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_TEXT_SINK_H_

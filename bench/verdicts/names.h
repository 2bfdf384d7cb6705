// SPDX-License-Identifier: Apache-2.0
//
// Frames of made-up functions, and the symbolizer that gives their names back.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_NAMES_H_
#define LEAKTRACK_BENCH_VERDICTS_NAMES_H_

#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack::verdicts {

class Names : public Symbolizer {
 public:
  capture::Frame FrameOf(const std::string& function) {
    const auto [found, is_new] = numbers_.try_emplace(function, frames_.size());
    if (is_new) {
      const bool libc = function == "malloc";
      const bool cxx = function.starts_with("operator new");
      const std::string module = libc ? "/lib/libc.so.6" : cxx ? "/lib/libstdc++.so.6" : "/bin/app";
      frames_.push_back(
          {ResolvedFrame{function, libc || cxx ? "" : "app.cc", libc || cxx ? 0u : 10u, module,
                         "abcd", 16 * frames_.size(), false}});
    }
    return capture::MakeFrame(1, found->second);
  }

  void Prepare(std::span<const capture::Frame>) override {}
  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    return frames_[capture::FrameAddress(frame)];
  }
  std::vector<MissingSymbols> missing() const override { return {}; }

 private:
  std::deque<std::vector<ResolvedFrame>> frames_;
  std::unordered_map<std::string, size_t> numbers_;
};

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_NAMES_H_

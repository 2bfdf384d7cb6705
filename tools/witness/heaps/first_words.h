// SPDX-License-Identifier: Apache-2.0
//
// What the first words of blocks point to, where that is constant data of a module: objects with
// virtual functions begin so.
//
// What: each such word has a number, so that a block needs four bytes for it. 0 stands for all
// other words. Limit: a million different ones, more than any program has types.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_FIRST_WORDS_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_FIRST_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tools/witness/heaps/spans.h"

namespace leaktrack::witness {

class FirstWords {
 public:
  // `constants`: data of modules that the program does not write.
  void SetConstants(const std::vector<Range>& constants) {
    for (const Range& range : constants) spans_.Add(range);
    spans_.Finish();
  }

  uint32_t NumberOf(uint64_t word) {
    if (word % 8 != 0 || !spans_.GranuleOf(word)) return 0;
    if (word == last_word_) return last_number_;
    auto known = numbers_.find(word);
    if (known == numbers_.end()) {
      if (words_.size() >= kMost) return 0;
      words_.push_back(word);
      known = numbers_.emplace(word, static_cast<uint32_t>(words_.size())).first;
    }
    last_word_ = word;
    return last_number_ = known->second;
  }

  uint64_t Word(uint32_t number) const { return words_[number - 1]; }
  size_t count() const { return words_.size(); }

 private:
  static constexpr size_t kMost = 1 << 20;
  Spans spans_;
  std::unordered_map<uint64_t, uint32_t> numbers_;
  std::vector<uint64_t> words_;
  uint64_t last_word_ = 0;
  uint32_t last_number_ = 0;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_FIRST_WORDS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the book of plateaus, which others may have edited. Held beside "no crash": what is
// written is read back whole, once amounts are whole numbers; a book stays bounded, also when it
// takes another in.
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/require.h"
#include "tools/analysis/plateaus.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using leaktrack::PlateauBook;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  PlateauBook book = PlateauBook::Parse(text);
  const PlateauBook rounded = PlateauBook::Parse(book.Text());
  Require(rounded.size() <= book.size());
  Require(PlateauBook::Parse(rounded.Text()).size() == rounded.size());
  book.Merge(PlateauBook::Parse(text.substr(size / 2)));
  Require(book.size() <= PlateauBook::kMostPlateaus);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A vector that is only ever appended to: one live block, which is replaced by one of twice the
// size.
// EXPECT: first AppendToJournal
// EXPECT: verdict watch AppendToJournal
// EXPECT: trend container AppendToJournal
// EXPECT: grows only AppendToJournal
// EXPECT-LONG: verdict suspect|leak AppendToJournal
#include <cstdint>
#include <vector>

#include "stage.h"

// Never destroyed, not even at the end.
auto& journal = *new std::vector<uint64_t>;

NOINLINE void AppendToJournal(int entries) {
  for (int i = 0; i < entries; ++i) journal.push_back(stage::Random());
}

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    AppendToJournal(drip.Take(1'500'000 * moment.share));
  });
}

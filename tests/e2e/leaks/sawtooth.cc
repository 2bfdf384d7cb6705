// SPDX-License-Identifier: Apache-2.0
// A batch is collected and dropped fifteen times, but one entry in ten is only removed from the
// list. (In a run of 15 seconds a tooth is as long as an epoch and cannot be seen.)
// EXPECT: first CollectEntry
// EXPECT: verdict watch|leak CollectEntry
// EXPECT: trend sawtooth|linear CollectEntry
// EXPECT: grows only CollectEntry
// EXPECT-LONG: verdict suspect|leak CollectEntry
// EXPECT-LONG: trend sawtooth CollectEntry
#include <cstddef>
#include <vector>

#include "stage.h"

NOINLINE void* CollectEntry() { return stage::xmalloc(stage::Size(100, 900)); }

NOINLINE void DropBatch(std::vector<void*>& batch) {
  for (size_t i = 0; i < batch.size(); ++i) {
    if (i % 10 != 0) free(batch[i]);
  }
  batch.clear();
}

int main(int argc, char** argv) {
  stage::Drip drip;
  std::vector<void*> batch;
  int dropped = 0;
  return stage::Play(argc, argv, [&](const stage::Moment& moment) {
    for (int i = drip.Take(15000 * moment.share); i > 0; --i) batch.push_back(CollectEntry());
    if (static_cast<int>(moment.now * 15) == dropped) return;
    dropped = static_cast<int>(moment.now * 15);
    DropBatch(batch);
  });
}

// SPDX-License-Identifier: Apache-2.0
// Nothing leaks for half of the run. Then a feature that leaks is switched on.
// EXPECT: first RecordMetric
// EXPECT: verdict watch|leak RecordMetric
// EXPECT: trend linear RecordMetric
// EXPECT: onset 0.4 0.6 RecordMetric
// EXPECT: grows only RecordMetric
// EXPECT-LONG: verdict suspect|leak RecordMetric
#include "stage.h"

NOINLINE void RecordMetric() { stage::xmalloc(stage::Size(100, 900)); }

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    if (moment.now < 0.5) return;
    for (int i = drip.Take(6000 * moment.share); i > 0; --i) RecordMetric();
  });
}

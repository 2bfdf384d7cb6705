// SPDX-License-Identifier: Apache-2.0
// Each callback registers others: the leak doubles ten times during the run.
// EXPECT: first RegisterCallback
// EXPECT: verdict watch|leak RegisterCallback
// EXPECT: trend exponential RegisterCallback
// EXPECT: doubling 0.07 0.14 RegisterCallback
// EXPECT: grows only RegisterCallback
// EXPECT-LONG: verdict suspect|leak RegisterCallback
#include <cmath>

#include "stage.h"

NOINLINE void RegisterCallback() { Escape(operator new(stage::Size(100, 900))); }

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    for (int i = drip.Take(40 * std::exp2(10 * moment.now) * moment.share); i > 0; --i)
      RegisterCallback();
  });
}

// SPDX-License-Identifier: Apache-2.0
// The simplest leak: a constant number of blocks per second, through two layers of a malloc that
// never fails.
// EXPECT: first RememberOrder
// EXPECT: verdict watch|leak RememberOrder
// EXPECT: trend linear RememberOrder
// EXPECT: grows only RememberOrder
// EXPECT-LONG: verdict suspect|leak RememberOrder
#include "stage.h"

NOINLINE void RememberOrder() { stage::xmalloc(stage::Size(100, 900)); }

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    for (int i = drip.Take(3000 * moment.share); i > 0; --i) RememberOrder();
  });
}

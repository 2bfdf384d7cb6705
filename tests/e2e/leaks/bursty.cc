// SPDX-License-Identifier: Apache-2.0
// One leak per request, and requests in bursts: twenty bursts, each a quarter of its period long.
// EXPECT: first HandleRequest
// EXPECT: verdict watch|leak HandleRequest
// EXPECT: trend linear HandleRequest
// EXPECT: grows only HandleRequest
// EXPECT-LONG: verdict suspect|leak HandleRequest
#include <cmath>

#include "stage.h"

NOINLINE void HandleRequest() {
  free(stage::xmalloc(stage::Size(1000, 3000)));
  stage::xmalloc(stage::Size(100, 900));
}

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    if (std::fmod(moment.now * 20, 1) > 0.25) return;
    for (int i = drip.Take(12000 * moment.share); i > 0; --i) HandleRequest();
  });
}

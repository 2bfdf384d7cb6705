// SPDX-License-Identifier: Apache-2.0
// Every user leaks, and there are more and more of them: the rate grows in proportion to the time.
// EXPECT: first ServeUser
// EXPECT: verdict watch|leak ServeUser
// EXPECT: trend accelerating ServeUser
// EXPECT: grows only ServeUser
// EXPECT-LONG: verdict suspect|leak ServeUser
#include "stage.h"

NOINLINE void ServeUser() { Escape(operator new(stage::Size(100, 900))); }

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    for (int i = drip.Take(8000 * moment.now * moment.share); i > 0; --i) ServeUser();
  });
}

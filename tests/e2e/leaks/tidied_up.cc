// SPDX-License-Identifier: Apache-2.0
// A destructor after main gives back everything that this program has collected: at the end nothing
// is left.
// EXPECT: first SubscribeListener
// EXPECT: verdict watch SubscribeListener
// EXPECT: grows only SubscribeListener
// EXPECT-LONG: verdict suspect|leak SubscribeListener
#include <list>
#include <memory>

#include "stage.h"

struct Listener {
  char name[300];
};

std::list<std::unique_ptr<Listener>> listeners;

NOINLINE void SubscribeListener() { listeners.push_back(std::make_unique<Listener>()); }

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    for (int i = drip.Take(3000 * moment.share); i > 0; --i) SubscribeListener();
  });
}

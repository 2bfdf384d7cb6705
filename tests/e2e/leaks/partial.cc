// SPDX-License-Identifier: Apache-2.0
// One request in a hundred is forgotten. The ninety-nine others, from the same line, are deleted.
// (In 15 seconds the deaths of a few ticks can look like a tooth.)
// EXPECT: first AcceptRequest
// EXPECT: verdict watch|leak AcceptRequest
// EXPECT: trend linear|sawtooth AcceptRequest
// EXPECT: grows only AcceptRequest
// EXPECT-LONG: verdict suspect|leak AcceptRequest
// EXPECT-LONG: trend linear AcceptRequest
#include <deque>

#include "stage.h"

struct Request {
  char text[3000];
};

NOINLINE Request* AcceptRequest() { return static_cast<Request*>(Escape(new Request)); }

int main(int argc, char** argv) {
  stage::Drip drip;
  std::deque<Request*> open;
  return stage::Play(argc, argv, [&](const stage::Moment& moment) {
    for (int i = drip.Take(40000 * moment.share); i > 0; --i) open.push_back(AcceptRequest());
    while (open.size() > 40) {
      if (stage::Random() % 100 != 0) delete open.front();
      open.pop_front();
    }
  });
}

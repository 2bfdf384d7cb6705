// SPDX-License-Identifier: Apache-2.0
// A map is asked with [] for keys that nobody has stored. Each question leaves a node and a string
// behind.
// EXPECT: first LookUpVisitor
// EXPECT: verdict watch LookUpVisitor
// EXPECT: trend linear LookUpVisitor
// EXPECT: grows only LookUpVisitor
// EXPECT-LONG: verdict suspect|leak LookUpVisitor
#include <cstdint>
#include <map>
#include <string>

#include "stage.h"

auto& visitors = *new std::map<std::string, std::string>;  // never destroyed, not even at the end

NOINLINE size_t LookUpVisitor(uint64_t number) {
  return visitors["a visitor with a name that no small string holds, number " +
                  std::to_string(number)]
      .size();
}

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    for (int i = drip.Take(6000 * moment.share); i > 0; --i) LookUpVisitor(stage::Random());
  });
}

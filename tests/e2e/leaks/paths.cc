// SPDX-License-Identifier: Apache-2.0
// One function leaks. It is called on 30 or 300 paths, none of which leaks much.
// EXPECT: first BuildReply
// EXPECT: verdict watch|leak BuildReply
// EXPECT: grows only BuildReply
// EXPECT-LONG: verdict suspect|leak BuildReply
// CASE: 30
// CASE: 300
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "stage.h"

NOINLINE void BuildReply() {
  free(stage::xmalloc(stage::Size(200, 2000)));
  stage::xmalloc(stage::Size(100, 900));
}

// Separate functions: the number keeps the compiler from merging them.
volatile int last_endpoint;
template <int kNumber>
NOINLINE void Endpoint() {
  last_endpoint = kNumber;
  BuildReply();
}
template <int kNumber>
NOINLINE void Route(int way) {
  using Call = void (*)();
  static constexpr std::array<Call, 10> kEndpoints = {
      Endpoint<0>, Endpoint<1>, Endpoint<2>, Endpoint<3>, Endpoint<4>,
      Endpoint<5>, Endpoint<6>, Endpoint<7>, Endpoint<8>, Endpoint<9>};
  last_endpoint = -kNumber;
  kEndpoints[way]();
}
template <int... kNumbers>
constexpr std::array<void (*)(int), sizeof...(kNumbers)> Routes(
    std::integer_sequence<int, kNumbers...>) {
  return {Route<kNumbers>...};
}

int main(int argc, char** argv) {
  static constexpr auto kRoutes = Routes(std::make_integer_sequence<int, 30>());
  const int paths = argc > 1 ? atoi(argv[1]) : 30;
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip, paths](const stage::Moment& moment) {
    for (int i = drip.Take(6000 * moment.share); i > 0; --i) {
      const auto path = static_cast<int>(stage::Random() % static_cast<uint64_t>(paths));
      kRoutes[static_cast<size_t>(path % 30)](path / 30);
    }
  });
}

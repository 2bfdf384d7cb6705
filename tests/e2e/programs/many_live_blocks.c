// SPDX-License-Identifier: Apache-2.0
// 60 sites that leak beside a table of a million blocks, more than a capture keeps one by one: the
// sums are complete all the same, and a gate on what grows finds each of the sites.
//   many_live_blocks [ROUNDS MILLISECONDS]   one lost block of 1,207 bytes at each of the 60 sites
//                                            in a round; three rounds unless said
// EXPECT: end exited
// EXPECT: live Table 1000000 objects 40000000 bytes
// EXPECT: live LoseAtAll 180 objects 217260 bytes
// EXPECT: live Lose0 3 objects 3621 bytes
// EXPECT: live Lose7 3 objects 3621 bytes
// EXPECT: live Lose31 3 objects 3621 bytes
// EXPECT: live Lose59 3 objects 3621 bytes
#include <stdlib.h>
#include <unistd.h>

#include "program.h"

NOINLINE static void Table(void) {
  for (long i = 0; i < 1000000; i++) Escape(malloc(40));
}

#define SITE(k) \
  NOINLINE static void Lose##k(void) { Escape(malloc(1207)); }
// clang-format off
SITE(0) SITE(1) SITE(2) SITE(3) SITE(4) SITE(5)
SITE(6) SITE(7) SITE(8) SITE(9) SITE(10) SITE(11)
SITE(12) SITE(13) SITE(14) SITE(15) SITE(16) SITE(17)
SITE(18) SITE(19) SITE(20) SITE(21) SITE(22) SITE(23)
SITE(24) SITE(25) SITE(26) SITE(27) SITE(28) SITE(29)
SITE(30) SITE(31) SITE(32) SITE(33) SITE(34) SITE(35)
SITE(36) SITE(37) SITE(38) SITE(39) SITE(40) SITE(41)
SITE(42) SITE(43) SITE(44) SITE(45) SITE(46) SITE(47)
SITE(48) SITE(49) SITE(50) SITE(51) SITE(52) SITE(53)
SITE(54) SITE(55) SITE(56) SITE(57) SITE(58) SITE(59)

NOINLINE static void LoseAtAll(void) {
  Lose0(); Lose1(); Lose2(); Lose3(); Lose4(); Lose5();
  Lose6(); Lose7(); Lose8(); Lose9(); Lose10(); Lose11();
  Lose12(); Lose13(); Lose14(); Lose15(); Lose16(); Lose17();
  Lose18(); Lose19(); Lose20(); Lose21(); Lose22(); Lose23();
  Lose24(); Lose25(); Lose26(); Lose27(); Lose28(); Lose29();
  Lose30(); Lose31(); Lose32(); Lose33(); Lose34(); Lose35();
  Lose36(); Lose37(); Lose38(); Lose39(); Lose40(); Lose41();
  Lose42(); Lose43(); Lose44(); Lose45(); Lose46(); Lose47();
  Lose48(); Lose49(); Lose50(); Lose51(); Lose52(); Lose53();
  Lose54(); Lose55(); Lose56(); Lose57(); Lose58(); Lose59();
}
// clang-format on

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 3, pause = argc > 2 ? atoi(argv[2]) : 0;
  Table();
  for (int i = 0; i < rounds; i++) {
    LoseAtAll();
    usleep(pause * 1000);
  }
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A circuit breaker at work. The address space is limited to 1 GiB; the pressure follows the
 * memory, with its hysteresis. (If a container's own limit is tighter, the test only asks that
 * there is a pressure.) Without a tracker there is none. The test waits for each change and
 * measures no time.
 *
 * RUN:
 * EXPECT: status 0
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "leaktrack/leaktrack.h"
#include "program.h"

enum { kSeconds = 20 };
static const size_t kBytes = (size_t)300 << 20;

/* True once the pressure lies in [low, high). */
static int Await(double low, double high) {
  for (int i = 0; i < kSeconds * 100; ++i) {
    double pressure = leaktrack_pressure();
    if (pressure >= low && pressure < high) return 1;
    usleep(10000);
  }
  return 0;
}

int main(void) {
  if (!leaktrack_present()) {
    REQUIRE(leaktrack_pressure() < 0 && !leaktrack_under_pressure(0));
    return 0;
  }
  struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
  REQUIRE(setrlimit(RLIMIT_AS, &limit) == 0);
  REQUIRE(Await(0, 1e9));
  usleep(1500000);                           /* the limit is seen with the next epoch */
  if (leaktrack_pressure() > 0.15) return 0; /* another limit counts here */
  char* memory = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  memset(memory, 1, kBytes);
  if (!Await(0.28, 0.6)) return 0; /* another limit counts here, too */
  REQUIRE(leaktrack_under_pressure(0.28));
  REQUIRE(!leaktrack_under_pressure(0.7));
  double before = leaktrack_pressure();
  REQUIRE(munmap(memory + kBytes - (16 << 20), 16 << 20) == 0); /* 1.6 %: within the hysteresis */
  REQUIRE(Await(0, before - 0.01));
  REQUIRE(leaktrack_under_pressure(before - 0.001));
  REQUIRE(munmap(memory, kBytes - (16 << 20)) == 0);
  REQUIRE(Await(0, 0.2));
  REQUIRE(!leaktrack_under_pressure(0.28));
  return 0;
}

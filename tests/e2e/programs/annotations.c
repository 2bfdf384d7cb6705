/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells the tracker about phases, work, a snapshot and blocks that live for ever. It ends with
 * status 0 with and without a tracker, linked statically or not. annotations_test.py also reads
 * what the capture has of it.
 *
 * CASE:
 * EXPECT: live Forget 10 objects 13330 bytes
 * EXPECT: absent KeepForEver
 * EXPECT: absent Unmark
 * CASE: kill
 * EXPECT: status SIGKILL
 * EXPECT: end killed
 * EXPECT: live Forget 10 objects 13330 bytes
 * EXPECT: absent KeepForEver
 */
#include <errno.h>
#include <signal.h>

#include "leaktrack/leaktrack.h"
#include "program.h"

enum { kSize = 1333 };
static void* kept[40];

static NOINLINE void Forget(int first, int end) {
  for (int i = first; i < end; ++i) kept[i] = Escape(malloc(kSize));
}

static NOINLINE void KeepForEver(void) {
  for (int i = 20; i < 30; ++i) {
    kept[i] = Escape(malloc(kSize));
    leaktrack_mark_immortal(kept[i]);
  }
}

/* Marked, but freed or reallocated all the same. */
static NOINLINE void Unmark(void) {
  void* block = Escape(malloc(kSize));
  leaktrack_mark_immortal(block);
  block = Escape(realloc(block, 3 * kSize));
  free(block);
  leaktrack_mark_immortal(NULL);
  leaktrack_mark_immortal(kept);
}

static void OnSignal(int number) {
  (void)number;
  leaktrack_phase phase = leaktrack_phase_begin("in a handler");
  leaktrack_work_add(5);
  leaktrack_snapshot("in a handler");
  leaktrack_phase_end(phase);
}

int main(int count, char** arguments) {
  errno = 77;
  leaktrack_phase warm_up = leaktrack_phase_begin("warm-up");
  leaktrack_set_phase("first");
  Forget(0, 20);
  for (int i = 0; i < 10; ++i) leaktrack_mark_immortal(kept[i]);
  KeepForEver();
  Unmark();
  leaktrack_work_add(12000);
  leaktrack_phase_end(warm_up);
  leaktrack_phase_end(warm_up);
  leaktrack_phase_end(12345);
  signal(SIGUSR1, OnSignal);
  raise(SIGUSR1);
  leaktrack_set_phase("second, with a name that is longer than what is kept of it");
  leaktrack_snapshot(NULL);
  leaktrack_work_add(340);
  REQUIRE(errno == 77);
  REQUIRE(leaktrack_under_pressure(2000.0) == 0);
  REQUIRE(leaktrack_present() || leaktrack_pressure() < 0);
  if (count > 1 && strcmp(arguments[1], "kill") == 0) raise(SIGKILL);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A table is loaded at the start and again every three seconds, and the old one is forgotten;
// between the reloads the service is busy and clean. What a reload loses comes in equal steps.
// RUN:
// EXPECT: verdict suspect ReadRules
// EXPECT: accused only ReadRules
// EXPECT: steps at least 3 of 1440000 bytes ReadRules
#include <time.h>

#include "program.h"

enum { kTicks = 280, kReload = 60, kRules = 12000, kRuleBytes = 120 };

struct Rule {
  char text[kRuleBytes - sizeof(void*)];
  struct Rule* next;
};
static struct Rule* rules;

NOINLINE static struct Rule* ReadRules(void) {
  struct Rule* head = NULL;
  for (int i = 0; i < kRules; ++i) {
    struct Rule* rule = malloc(sizeof *rule);
    memset(rule->text, i, sizeof rule->text);
    rule->next = head;
    head = rule;
  }
  return head;
}

NOINLINE static void Serve(void) {
  for (int k = 0; k < 40; ++k) free(Escape(malloc(500 + (size_t)k)));
}

int main(void) {
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    if (tick % kReload == 0) rules = Escape(ReadRules());
    Serve();
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}

// SPDX-License-Identifier: Apache-2.0
// A queue whose consumer is slower than its producer. Nothing is lost, but each job waits longer
// than the last.
// EXPECT: first SubmitJob
// EXPECT: verdict watch SubmitJob
// EXPECT: trend backlog SubmitJob
// EXPECT: grows only SubmitJob
// EXPECT-LONG: verdict suspect|leak SubmitJob
#include <deque>

#include "stage.h"

std::deque<void*>& queue = *new std::deque<void*>;

NOINLINE void SubmitJob() { queue.push_back(stage::xmalloc(stage::Size(400, 1200))); }

NOINLINE void FinishJob() {
  free(queue.front());
  queue.pop_front();
}

int main(int argc, char** argv) {
  stage::Drip produce, consume;
  return stage::Play(argc, argv, [&produce, &consume](const stage::Moment& moment) {
    for (int i = produce.Take(12000 * moment.share); i > 0; --i) SubmitJob();
    for (int i = consume.Take(7000 * moment.share); i > 0 && !queue.empty(); --i) FinishJob();
  });
}

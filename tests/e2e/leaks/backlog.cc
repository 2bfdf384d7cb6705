// SPDX-License-Identifier: Apache-2.0
// A queue with a consumer that is slower than the producer: nothing is lost, and each job waits longer than the last.
// EXPECT: first SubmitJob
// EXPECT: verdict suspect|leak SubmitJob
// EXPECT: trend backlog SubmitJob
// EXPECT: accused only SubmitJob
// EXPECT-LONG: verdict leak SubmitJob
#include <deque>

#include "stage.h"

NOINLINE void* SubmitJob() { return stage::xmalloc(stage::Size(400, 1200)); }

int main(int argc, char** argv) {
  stage::Drip produce, consume;
  std::deque<void*> queue;
  return stage::Play(argc, argv, [&](const stage::Moment& moment) {
    for (int i = produce.Take(12000 * moment.share); i > 0; --i) queue.push_back(SubmitJob());
    for (int i = consume.Take(7000 * moment.share); i > 0 && !queue.empty(); --i) {
      free(queue.front());
      queue.pop_front();
    }
  });
}

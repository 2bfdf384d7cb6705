// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/serve_push.h"

#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace leaktrack {
namespace {

constexpr std::chrono::milliseconds kStep{100};  // how late an end of the program is seen

}  // namespace

ServePush::ServePush(const ServeState& state, PushTarget target, push::Outbox box,
                     std::chrono::seconds every)
    : state_(state),
      target_(std::move(target)),
      box_(std::move(box)),
      every_(every),
      thread_([this] { Work(); }) {}

ServePush::~ServePush() {
  stop_.store(true);
  thread_.join();
}

void ServePush::Work() {
  auto next = std::chrono::steady_clock::now() + every_;
  while (!stop_.load()) {
    std::this_thread::sleep_for(kStep);
    if (std::chrono::steady_clock::now() < next) continue;
    Round();
    next = std::chrono::steady_clock::now() + every_;
  }
}

void ServePush::Round() {
  const std::shared_ptr<const Snapshot> snapshot = state_.Latest();
  FrameCache cache(FrameStore::For({}));
  for (const live::KnownRun& run : snapshot->runs) {
    if (run.pid == 0 || stop_.load()) continue;  // it has ended: nothing of it is new
    const absl::StatusOr<ReportInput> input =
        ReadForExport(run.path, {}, std::numeric_limits<uint64_t>::max(), &cache);
    if (!input.ok()) continue;  // it may have ended meanwhile
    for (const push::Post& post : PostsOf(*input, target_)) {
      if (const absl::Status added = box_.Add(post); !added.ok())
        fprintf(stderr, "leaktrack: %s\n", std::string(added.message()).c_str());
    }
  }
  push::Patience patience;
  patience.attempts = 1;  // the next round is the next attempt
  Say(box_.Deliver(patience, [this] { return stop_.load(); }));
}

void ServePush::Say(const push::Delivery& delivery) {
  const std::string text =
      absl::StrCat(absl::StrJoin(delivery.problems, "; "),
                   delivery.dropped > 0 ? "; the oldest profiles that waited were dropped" : "");
  if (text != said_ && !text.empty()) fprintf(stderr, "leaktrack: push: %s\n", text.c_str());
  if (text.empty() && !said_.empty()) fprintf(stderr, "leaktrack: push: works again\n");
  said_ = text;
}

}  // namespace leaktrack

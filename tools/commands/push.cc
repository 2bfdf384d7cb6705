// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack push`: sends captures as profiles to the engines that a fleet has.
//
// Promises: nothing is sent but the captures named here, and what an earlier push left in --queue.
// What a server refuses is said and dropped; what cannot be sent now stays in the queue, where
// there is one.
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/captures.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/push_posts.h"
#include "tools/commands/shared_options.h"
#include "tools/push/outbox.h"
#include "tools/report/words/counted.h"

namespace leaktrack {
namespace {

constexpr char kExamples[] =
    "  leaktrack push captures/ --to http://pyroscope:4040 --label version=1.4\n"
    "  leaktrack push x.ltk --to http://collector:4318/v1development/profiles --queue "
    "/var/spool/leaktrack\n"
    "  leaktrack push --queue /var/spool/leaktrack             what could not be sent before\n\n"
    "A URL whose path ends in /profiles takes OTLP profiles; another one is Pyroscope, which gets "
    "pprof at /ingest.\n"
    "Others (Parca, Grafana Alloy) fetch /debug/pprof/heap of leaktrack serve. TLS is left to the "
    "node's agent.\n"
    "Exit status: 0 all was taken, 2 something was not: it is kept in --queue, or lost without "
    "one.";

struct Options {
  std::vector<std::string> captures;
  PushOptions push;
  int attempts = 5;
  SymbolizerOptions symbols;
};

void AddOptions(OptionList& list, Options& options) {
  list.Footer(kExamples);
  list.Add("CAPTURE", options.captures, "captures, or directories of them");
  list.Add("--to", options.push.to, "where to; may be repeated").Type("URL");
  AddPushOptions(list, options.push, "");
  AddNumberOption(list, "--attempts", options.attempts,
                  "how often a server that does not answer is tried (default: 5)")
      .Between(1, 100);
  AddSymbolOptions(list, options.symbols);
}

absl::Status CheckAsked(const Options& options) {
  if (options.captures.empty() && options.push.queue.empty())
    return absl::InvalidArgumentError("push: name a capture, or --queue DIR for what waits there");
  if (!options.captures.empty() && options.push.to.empty())
    return absl::InvalidArgumentError("push: --to URL says where the profiles go");
  return absl::OkStatus();
}

absl::Status AddAll(const Options& options, const PushTarget& target, push::Outbox& box) {
  if (options.captures.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAtAll(options.captures));
  FrameCache cache(FrameStore::For(options.symbols));
  for (const std::string& path : paths) {
    const absl::StatusOr<ReportInput> input =
        ReadForExport(path, options.symbols, std::numeric_limits<uint64_t>::max(), &cache);
    if (!input.ok() && paths.size() == 1) return input.status();
    // One bad file does not keep the others.
    if (!input.ok()) {
      fprintf(stderr, "leaktrack: %s\n", std::string(input.status().message()).c_str());
      continue;
    }
    for (const push::Post& post : PostsOf(*input, target)) RETURN_IF_ERROR(box.Add(post));
  }
  return absl::OkStatus();
}

// "1 profile sent; 2 wait in DIR"
std::string Told(const push::Delivery& delivery, const std::string& queue) {
  std::string text = absl::StrCat(Counted(delivery.sent, "profile", "profiles"), " sent");
  if (delivery.refused > 0) absl::StrAppend(&text, "; ", delivery.refused, " refused");
  if (delivery.dropped > 0)
    absl::StrAppend(&text, "; ", delivery.dropped, " dropped: the queue was full");
  if (delivery.waiting > 0)
    absl::StrAppend(&text, "; ", delivery.waiting,
                    queue.empty() ? " not sent (--queue DIR would keep them)"
                                  : absl::StrCat(" kept in ", SafeText(queue)));
  return text;
}

absl::StatusOr<int> Run(const Options& options) {
  RETURN_IF_ERROR(CheckAsked(options));
  ASSIGN_OR_RETURN(const PushTarget target, ReadPushTarget(options.push));
  ASSIGN_OR_RETURN(push::Outbox box, push::Outbox::Open(options.push.queue));
  RETURN_IF_ERROR(AddAll(options, target, box));
  push::Patience patience;
  patience.attempts = options.attempts;
  const push::Delivery delivery = box.Deliver(patience);
  for (const std::string& problem : delivery.problems)
    fprintf(stderr, "leaktrack: %s\n", problem.c_str());
  printf("%s\n", Told(delivery, options.push.queue).c_str());
  return delivery.refused + delivery.waiting + delivery.dropped == 0 ? kExitNothingFound
                                                                     : kExitFailed;
}

}  // namespace

constinit const Command kPush = MakeCommand<Options, AddOptions, Run>(
    "push", "Sends captures as profiles to Pyroscope or to an OTLP collector");

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack serve`: metrics, probes, reports and profiles of this host over HTTP, for as long as
// it runs.
//
// Promises: reads only; loopback alone unless told otherwise, and beyond it nothing without a
// token. One line says where it listens; SIGINT and SIGTERM end it with status 0.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/base/input_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/push_posts.h"
#include "tools/commands/report_settings.h"
#include "tools/commands/serve_push.h"
#include "tools/commands/serve_routes.h"
#include "tools/commands/serve_state.h"
#include "tools/commands/shared_options.h"
#include "tools/live/http/server.h"

namespace leaktrack {
namespace {

constexpr size_t kShortestToken = 16;

constexpr char kExamples[] =
    "  leaktrack serve /var/tmp/captures                     http://127.0.0.1:9466\n"
    "  leaktrack serve --listen unix:/run/leaktrack.sock\n"
    "  leaktrack serve --listen 0.0.0.0:9466 --token-file /etc/leaktrack.token\n"
    "  go tool pprof http://127.0.0.1:9466/debug/pprof/heap?pid=4711\n\n"
    "/metrics for Prometheus (OpenMetrics by the Accept header), /health and /ready (200 or 503; "
    "?pid= or ?cgroup= for one),\n/ for people, /report?run= or ?pid= (format=html, json, text "
    "...), "
    "/debug/pprof/heap (seconds=N: growth), /api/host, /api/runs.\n"
    "Beyond loopback all but the status of /health and /ready needs the token. It is sent in the "
    "clear: put TLS in front\n(a proxy, or a service mesh). Rules, alerts and a dashboard lie in "
    "share/leaktrack; see leaktrack-alerts(7).";

struct ServeOptions {
  std::vector<std::string> directories;
  std::string listen = "127.0.0.1:9466";
  std::string token_file;
  double ready_use = 90, health_use = 97;
  std::string status_use = "75,85,97";
  std::string status_time = "24h,1h,10m";
  PushOptions push;
  std::string push_every = "60s";
};

void AddOptions(OptionList& list, ServeOptions& options) {
  list.Footer(kExamples);
  list.Add("DIR", options.directories, "directories of captures, of living and ended processes");
  list.Add("--listen", options.listen, "where to listen")
      .Type("ADDRESS:PORT|unix:PATH")
      .ShowDefault();
  list.Add("--token-file", options.token_file,
           "a file with the token that clients send: Authorization: Bearer TOKEN")
      .Type("FILE");
  list.Add("--ready-use", options.ready_use, "percent of the limit from which /ready is 503")
      .Type("P")
      .Between(1.0, 100.0)
      .ShowDefault();
  list.Add("--health-use", options.health_use, "percent of the limit from which /health is 503")
      .Type("P")
      .Between(1.0, 100.0)
      .ShowDefault();
  AddStatusOptions(list, options.status_use, options.status_time);
  list.Add("--push", options.push.to,
           "push profiles of living processes to URL, as leaktrack push does; may be repeated")
      .Type("URL");
  AddPushOptions(list, options.push, "push-");
  list.Add("--push-every", options.push_every, "how often").Type("DURATION").ShowDefault();
}

// Null: nothing is to be pushed.
absl::StatusOr<std::unique_ptr<ServePush>> StartPush(const ServeOptions& options,
                                                     const ServeState& state) {
  if (options.push.to.empty()) return nullptr;
  constexpr uint64_t kShortestMs = 1000;
  const absl::StatusOr<uint64_t> every_ms = ParseDurationMs(options.push_every);
  if (!every_ms.ok() || *every_ms < kShortestMs)
    return absl::InvalidArgumentError(absl::StrCat("--push-every: '", SafeText(options.push_every),
                                                   "' is not a duration of 1s or more"));
  ASSIGN_OR_RETURN(PushTarget target, ReadPushTarget(options.push));
  ASSIGN_OR_RETURN(push::Outbox box, push::Outbox::Open(options.push.queue));
  return std::make_unique<ServePush>(state, std::move(target), std::move(box),
                                     std::chrono::seconds(*every_ms / 1000));
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  if (path.empty()) return std::string();
  ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  const std::string token(absl::StripAsciiWhitespace(text));
  if (token.size() < kShortestToken || token.find_first_of(" \t\r\n") != std::string::npos)
    return absl::InvalidArgumentError(absl::StrCat(
        "--token-file ", SafeText(path), ": the token is ", "one word of 16 characters or more"));
  return token;
}

absl::StatusOr<std::string> TokenFor(const ServeOptions& options) {
  ASSIGN_OR_RETURN(const live::Reach reach, live::ReachOf(options.listen));
  ASSIGN_OR_RETURN(std::string token, ReadToken(options.token_file));
  if (reach == live::Reach::kNetwork && token.empty())
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen ", SafeText(options.listen),
        ": beyond loopback a token is needed: --token-file FILE, or listen on 127.0.0.1 or a unix "
        "socket"));
  return token;
}

absl::StatusOr<int> Run(const ServeOptions& options) {
  ASSIGN_OR_RETURN(const std::string token, TokenFor(options));
  ServeSettings settings;
  settings.directories = options.directories;
  settings.ready.use = options.ready_use / 100;
  settings.health.use = options.health_use / 100;
  ASSIGN_OR_RETURN(settings.levels, ReadLevels(options.status_use, options.status_time));
  std::unique_ptr<ServeState> state;
  std::unique_ptr<ServeRoutes> routes;
  const live::Service service{[&](const live::Request& one) { return routes->Answer(one); },
                              ServeRoutes::TakesLong};
  // First the address: that it is taken should not cost a look at the host.
  ASSIGN_OR_RETURN(const std::unique_ptr<live::Server> server,
                   live::Server::Listen(options.listen, service, token));
  state = std::make_unique<ServeState>(settings);
  routes = std::make_unique<ServeRoutes>(*state);
  ASSIGN_OR_RETURN(const std::unique_ptr<ServePush> push, StartPush(options, *state));
  printf("leaktrack serves %s\n", SafeText(server->address()).c_str());
  fflush(stdout);
  server->Run();
  return kExitNothingFound;
}

}  // namespace

constinit const Command kServe = MakeCommand<ServeOptions, AddOptions, Run>(
    "serve", "Metrics, probes, reports and profiles of this host over HTTP");

}  // namespace leaktrack

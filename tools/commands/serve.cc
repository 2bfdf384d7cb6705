// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack serve`: metrics, probes, reports and profiles of this host over HTTP, for as long as
// it runs.
//
// Promises: reads only; loopback alone unless told otherwise, and beyond it nothing without a
// token. One line says where it listens; SIGINT and SIGTERM end it with status 0.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/base/input_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/report_settings.h"
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
};

void AddOptions(CLI::App& app, ServeOptions& options) {
  app.footer(kExamples);
  app.add_option("DIR", options.directories,
                 "directories of captures, of living and ended processes");
  app.add_option("--listen", options.listen, "where to listen")
      ->type_name("ADDRESS:PORT|unix:PATH")
      ->capture_default_str();
  app.add_option("--token-file", options.token_file,
                 "a file with the token that clients send: Authorization: Bearer TOKEN")
      ->type_name("FILE");
  app.add_option("--ready-use", options.ready_use, "percent of the limit from which /ready is 503")
      ->type_name("P")
      ->check(CLI::Range(1.0, 100.0).description(""))
      ->capture_default_str();
  app.add_option("--health-use", options.health_use,
                 "percent of the limit from which /health is 503")
      ->type_name("P")
      ->check(CLI::Range(1.0, 100.0).description(""))
      ->capture_default_str();
  AddStatusOptions(app, options.status_use, options.status_time);
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
  printf("leaktrack serves %s\n", SafeText(server->address()).c_str());
  fflush(stdout);
  server->Run();
  return kExitNothingFound;
}

}  // namespace

constinit const Command kServe = MakeCommand<ServeOptions, AddOptions, Run>(
    "serve", "Metrics, probes, reports and profiles of this host over HTTP");

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/serve_routes.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/analysis/last_part.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/text_sink.h"
#include "tools/commands/push_posts.h"
#include "tools/live/words/metrics.h"
#include "tools/live/words/triage_page.h"
#include "tools/report/formats.h"
#include "tools/report/words/names.h"
#include "tools/symbolize/cached_symbolizer.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/symbolize/frame_store.h"

namespace leaktrack {
namespace {

using live::PlainText;
using live::Request;
using live::Response;

constexpr uint32_t kMostSeconds = 300;  // of growth that a client may wait for
constexpr char kJson[] = "application/json";

Response JsonResponse(int status, const Json& json) {
  return {status, kJson, json.dump(2) + "\n", ""};
}

// The part of a host that a probe asks for.
struct Subject {
  Json json;
  bool shut = false;
};

Json Described(const char* kind, const std::string& name, const live::LimitView& limit,
               const live::Outlook& outlook, Status status) {
  const std::optional<double> used = limit.used_fraction();
  return {{"subject", kind},
          {"name", SafeText(name)},
          {"limit_bytes", limit.bytes > 0 ? Json(limit.bytes) : Json()},
          {"used_fraction", used ? Json(*used) : Json()},
          {"seconds_to_limit", outlook.trusted ? WholeOrNull(outlook.mid) : Json()},
          {"memory_status", Name(status)}};
}

Subject Of(const live::ProcessView& process, const std::set<std::string>& shut) {
  return {Described("process", absl::StrCat(process.now.name, " ", process.now.key.pid),
                    process.limit, process.outlook, process.status),
          shut.contains(GateName(process))};
}

Subject Of(const live::CgroupView& cgroup, const std::set<std::string>& shut) {
  return {Described("cgroup", cgroup.now.path, cgroup.limit, cgroup.outlook, cgroup.status),
          shut.contains(GateName(cgroup))};
}

Subject OfMachine(const live::HostView& host, const std::set<std::string>& shut) {
  const live::LimitView limit{LimitKind::kMachine, "", host.machine.total, host.machine.Held()};
  return {Described("machine", "", limit, host.machine_outlook, host.machine_status),
          shut.contains(live::kMachineGate)};
}

// The process or cgroup that is asked for; by default the pod: a cgroup with a limit that is shut,
// else the first with one, else the machine. Empty: there is no such thing.
std::optional<Subject> SubjectOf(const Request& request, const live::HostView& host,
                                 const std::set<std::string>& shut) {
  int pid = 0;
  if (absl::SimpleAtoi(request.Value("pid"), &pid)) {
    const auto found = std::ranges::find_if(
        host.processes, [&](const live::ProcessView& one) { return one.now.key.pid == pid; });
    return found == host.processes.end() ? std::nullopt : std::optional(Of(*found, shut));
  }
  if (const std::string path = request.Value("cgroup"); !path.empty()) {
    const live::CgroupView* cgroup = host.FindCgroup(path);
    return cgroup == nullptr ? std::nullopt : std::optional(Of(*cgroup, shut));
  }
  std::optional<Subject> pod;
  for (const live::CgroupView& cgroup : host.cgroups) {
    if (cgroup.limit.kind == LimitKind::kNone) continue;
    Subject one = Of(cgroup, shut);
    if (!pod || (one.shut && !pod->shut)) pod = std::move(one);
  }
  Subject machine = OfMachine(host, shut);
  return pod && (pod->shut || !machine.shut) ? pod : std::optional(std::move(machine));
}

Response Probe(const Request& request, const Snapshot& snapshot, const char* shut_word) {
  const std::set<std::string>& shut =
      request.path == "/ready" ? snapshot.unready : snapshot.unhealthy;
  std::optional<Subject> subject = SubjectOf(request, snapshot.host, shut);
  if (!subject) return JsonResponse(404, {{"status", "unknown"}});
  Json json = {{"status", subject->shut ? shut_word : "ok"}};
  json.update(subject->json);
  return JsonResponse(subject->shut ? 503 : 200, json);
}

Response Metrics(const Request& request, const Snapshot& snapshot) {
  live::MetricsOptions options;
  options.format = live::ChooseMetricsFormat(request.accept);
  return {200, live::ContentType(options.format), MetricsText(snapshot.host, options), ""};
}

Json RunsJson(const Snapshot& snapshot) {
  Json runs = Json::array();
  for (const live::KnownRun& run : snapshot.runs) {
    runs.push_back({{"run_id", run.run_id},
                    {"capture", SafeText(run.path)},
                    {"pid", run.pid != 0 ? Json(run.pid) : Json()}});
  }
  return {{"schema", 1}, {"runs", std::move(runs)}};
}

// By run id or pid; without either the first: that of the process nearest to trouble.
const live::KnownRun* RunOf(const Request& request, const Snapshot& snapshot) {
  if (const std::string id = request.Value("run"); !id.empty()) return snapshot.FindRun(id);
  int pid = 0;
  const bool by_pid = absl::SimpleAtoi(request.Value("pid"), &pid);
  const auto found = std::ranges::find_if(
      snapshot.runs, [&](const live::KnownRun& one) { return by_pid ? one.pid == pid : true; });
  return found == snapshot.runs.end() ? nullptr : &*found;
}

absl::StatusOr<std::string> Rendered(const std::string& path, const ReportFormat& format,
                                     std::optional<uint32_t> last_seconds) {
  FrameCache cache(FrameStore::For({}));
  const uint64_t window_ms =
      last_seconds ? uint64_t{*last_seconds} * 1000 : std::numeric_limits<uint64_t>::max();
  ASSIGN_OR_RETURN(ReportInput input, ReadForExport(path, {}, window_ms, &cache));
  input.selection = SelectSites({std::nullopt, "", 0, format.cut == Cut::kNever ? format.sites : 0},
                                input.analysis.sites);
  return TextOf([&](TextSink& sink) { format.one(input, FormatOptions(), sink); });
}

const char* TypeOf(const std::string& format) {
  if (format == "html") return "text/html; charset=utf-8";
  if (format == "json" || format == "speedscope") return kJson;
  return format == "pprof" ? "application/octet-stream" : "text/plain; charset=utf-8";
}

Response Report(const Request& request, const Snapshot& snapshot, const std::string& name,
                std::optional<uint32_t> last_seconds) {
  const ReportFormat* format = FindReportFormat(name);
  if (format == nullptr)
    return PlainText(400, "format: html, json, text, pprof, folded, speedscope");
  const live::KnownRun* run = RunOf(request, snapshot);
  if (run == nullptr) return PlainText(404, "no capture of such a run; /api/runs lists them");
  const absl::StatusOr<std::string> text = Rendered(run->path, *format, last_seconds);
  if (!text.ok()) return PlainText(500, std::string(text.status().message()));
  return {200, TypeOf(name), *text, format->binary ? absl::StrCat(run->run_id, ".pb.gz") : ""};
}

// With ?seconds=N, what grew in the N seconds from now on.
Response Pprof(const Request& request, const Snapshot& snapshot) {
  const std::string text = request.Value("seconds");
  if (text.empty()) return Report(request, snapshot, "pprof", std::nullopt);
  uint32_t seconds = 0;
  if (!absl::SimpleAtoi(text, &seconds) || seconds == 0 || seconds > kMostSeconds)
    return PlainText(400, absl::StrCat("seconds: 1 to ", kMostSeconds));
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  return Report(request, snapshot, "pprof", seconds);
}

Response Host(const Snapshot& snapshot) {
  live::TriageOptions options;
  options.now = WallClock();
  options.next = NextStepsHere();
  return {200, kJson, TriageJson(snapshot.host, options), ""};
}

struct Route {
  const char* path;
  Response (*answer)(const Request& request, const Snapshot& snapshot);
  bool takes_long;
};

constexpr Route kRoutes[] = {
    {"/",
     [](const Request&, const Snapshot& now) {
       return Response{200, "text/html; charset=utf-8", IndexPage(now.host, now.runs, WallClock()),
                       ""};
     },
     false},
    {"/metrics", Metrics, false},
    {"/health",
     [](const Request& request, const Snapshot& now) { return Probe(request, now, "unhealthy"); },
     false},
    {"/ready",
     [](const Request& request, const Snapshot& now) { return Probe(request, now, "unready"); },
     false},
    {"/report",
     [](const Request& request, const Snapshot& now) {
       const std::string format = request.Value("format");
       return Report(request, now, format.empty() ? "html" : format, std::nullopt);
     },
     true},
    {"/debug/pprof/heap", Pprof, true},
    {"/api/host", [](const Request&, const Snapshot& now) { return Host(now); }, false},
    {"/api", [](const Request&, const Snapshot& now) { return Host(now); }, false},
    {"/api/runs",
     [](const Request&, const Snapshot& now) { return JsonResponse(200, RunsJson(now)); }, false},
};

const Route* FindRoute(const std::string& path) {
  const auto found =
      std::ranges::find_if(kRoutes, [&](const Route& route) { return path == route.path; });
  return found == std::end(kRoutes) ? nullptr : &*found;
}

}  // namespace

live::Response ServeRoutes::Answer(const live::Request& request) const {
  const Route* route = FindRoute(request.path);
  if (route == nullptr) {
    return PlainText(404,
                     "there are /, /metrics, /health, /ready, /report, /debug/pprof/heap, "
                     "/api/host and /api/runs");
  }
  const std::shared_ptr<const Snapshot> snapshot = state_.Latest();
  return route->answer(request, *snapshot);
}

bool ServeRoutes::TakesLong(const live::Request& request) {
  const Route* route = FindRoute(request.path);
  return route != nullptr && route->takes_long;
}

}  // namespace leaktrack

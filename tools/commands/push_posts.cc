// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/push_posts.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/capture.h"
#include "tools/analysis/blame/own_code.h"
#include "tools/analysis/last_part.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/captures.h"
#include "tools/report/exchange/otlp_profiles.h"
#include "tools/report/exchange/pprof_report.h"
#include "tools/symbolize/capture_symbolizer.h"

namespace leaktrack {
namespace {

constexpr size_t kAllSites = std::numeric_limits<size_t>::max();

std::string BuildIdOfProgram(const capture::Capture& capture) {
  const auto main =
      std::ranges::find(capture.modules, ExecutableOf(capture), &capture::ModuleInfo::path);
  return main == capture.modules.end() ? "" : main->build_id;
}

// Where the capture was taken on this machine, the pod is ours.
std::string PodOf(const capture::Capture& capture) {
  const char* const pod = getenv("POD_NAME");
  return pod != nullptr && *pod != '\0' ? pod : capture.process.host;
}

std::map<std::string, std::string> LabelsOf(const capture::Capture& capture,
                                            const PushTarget& target) {
  std::map<std::string, std::string> labels = target.labels;
  labels.try_emplace("pod", PodOf(capture));
  labels.try_emplace("host", capture.process.host);
  labels.try_emplace("pid", absl::StrCat(capture.process.pid));
  if (std::string id = BuildIdOfProgram(capture); !id.empty())
    labels.try_emplace("build_id", std::move(id));
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  return labels;
}

// As OpenTelemetry calls what has a name there.
std::map<std::string, std::string> ResourceOf(const push::ProfileName& name) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"pod", "k8s.pod.name"},
      {"host", "host.name"},
      {"pid", "process.pid"},
      {"version", "service.version"},
      {"build_id", "process.executable.build_id.gnu"}};
  std::map<std::string, std::string> resource = {{"service.name", name.service}};
  for (const auto& [key, value] : name.labels) {
    const auto known = std::ranges::find(kNames, key, [](const auto& one) { return one.first; });
    resource[known == std::end(kNames) ? key : known->second] = value;
  }
  return resource;
}

push::ProfileName NameOf(const capture::Capture& capture, const PushTarget& target) {
  push::ProfileName name;
  name.service = target.service.empty() ? capture.process.program : target.service;
  name.labels = LabelsOf(capture, target);
  name.from_seconds = capture.process.start_realtime_ns / 1'000'000'000;
  name.until_seconds =
      name.from_seconds + std::max<int64_t>(1, static_cast<int64_t>(capture.duration_ms / 1000));
  return name;
}

}  // namespace

void AddPushOptions(OptionList& list, PushOptions& options, const std::string& prefix) {
  list.Add(absl::StrCat("--", prefix, "service"), options.service,
           "what the service is called there (default: the program's name)")
      .Type("NAME");
  list.Add(absl::StrCat("--", prefix, "label"), options.labels,
           "a label of the profile, such as version=1.4; may be repeated")
      .Type("KEY=VALUE");
  list.Add(absl::StrCat("--", prefix, "queue"), options.queue,
           "keep in DIR what could not be sent yet, at most 64 MiB, until it is taken")
      .Type("DIR");
}

absl::StatusOr<PushTarget> ReadPushTarget(const PushOptions& options) {
  PushTarget target;
  target.service = options.service;
  for (const std::string& url : options.to) {
    ASSIGN_OR_RETURN(push::Endpoint endpoint, push::ParseEndpoint(url));
    target.endpoints.push_back(std::move(endpoint));
  }
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos)
      return absl::InvalidArgumentError(
          absl::StrCat("'", SafeText(label), "' is no label; write KEY=VALUE"));
    target.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return target;
}

absl::StatusOr<ReportInput> ReadForExport(const std::string& path, const SymbolizerOptions& symbols,
                                          uint64_t window_ms, FrameCache* cache) {
  ReportInput input;
  ASSIGN_OR_RETURN(input.capture, OpenCapture(path));
  std::optional<Seal> seal = SealOf(input.capture);
  if (seal) input.sealed_at = seal->made_at;
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(input.capture, symbols, cache, std::move(seal));
  input.analysis = AnalyzeLast(input.capture, window_ms, *symbolizer, {});
  input.missing = symbolizer->missing();
  input.selection = SelectSites({}, input.analysis.sites);
  return input;
}

std::vector<push::Post> PostsOf(const ReportInput& input, const PushTarget& target) {
  const push::ProfileName name = NameOf(input.capture, target);
  std::vector<push::Post> posts;
  for (const push::Endpoint& endpoint : target.endpoints) {
    posts.push_back(endpoint.engine == push::Engine::kOtlp
                        ? OtlpPost(endpoint, OtlpProfiles(input, ResourceOf(name), kAllSites))
                        : PyroscopePost(endpoint, name, PprofReport(input, kAllSites)));
  }
  return posts;
}

}  // namespace leaktrack

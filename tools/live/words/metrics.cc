// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/report/words/names.h"

namespace leaktrack::live {
namespace {

using Labels = MetricsWriter::Labels;

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : SafeText(text)) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

Labels Of(const ProcessView& process) {
  return {{"pid", absl::StrCat(process.now.key.pid)},
          {"command", process.now.name},
          {"run_id", process.tracked ? process.tracked->run_id : ""}};
}

Labels With(Labels labels, std::string_view name, std::string value) {
  labels.emplace_back(name, std::move(value));
  return labels;
}

std::span<const ProcessView> Shown(const HostView& host, const MetricsOptions& options) {
  return std::span(host.processes).first(std::min(options.processes, host.processes.size()));
}

// Of the shown processes, one sample each where there is a figure; of the rest the sum, if asked.
void PerProcess(const HostView& host, const MetricsOptions& options, bool sum_rest,
                const std::function<std::optional<double>(const ProcessView&)>& figure,
                MetricsWriter& out) {
  double rest = 0;
  for (size_t i = 0; i < host.processes.size(); ++i) {
    const std::optional<double> value = figure(host.processes[i]);
    if (!value) continue;
    if (i < options.processes)
      out.Sample(Of(host.processes[i]), *value);
    else
      rest += *value;
  }
  if (sum_rest && host.processes.size() > options.processes)
    out.Sample({{"pid", ""}, {"command", "(rest)"}, {"run_id", ""}}, rest);
}

std::optional<double> Known(int64_t bytes) {
  return bytes < 0 ? std::nullopt : std::optional<double>(static_cast<double>(bytes));
}

void Bounds(const Labels& labels, const Outlook& outlook, MetricsWriter& out) {
  if (!outlook.trusted) return;
  if (outlook.low) out.Sample(With(labels, "bound", "low"), *outlook.low);
  if (outlook.mid) out.Sample(With(labels, "bound", "mid"), *outlook.mid);
  if (outlook.high) out.Sample(With(labels, "bound", "high"), *outlook.high);
}

void States(const Labels& labels, Status status, MetricsWriter& out) {
  for (const Status one : {Status::kOk, Status::kWarning, Status::kCritical, Status::kOomImminent})
    out.Sample(With(labels, "status", Name(one)), one == status ? 1 : 0);
}

void WriteProcesses(const HostView& host, const MetricsOptions& options, MetricsWriter& out) {
  out.Family("leaktrack_process_resident_bytes", "gauge", "Resident memory.");
  PerProcess(
      host, options, true, [](const auto& one) { return Known(one.now.resident); }, out);
  out.Family("leaktrack_process_limit_bytes", "gauge",
             "The memory limit that the process reaches first: its cgroup's or the machine's.");
  PerProcess(
      host, options, false,
      [](const auto& one) { return one.limit.bytes > 0 ? Known(one.limit.bytes) : std::nullopt; },
      out);
  out.Family(
      "leaktrack_process_limit_ratio", "gauge",
      "Use of that limit, by all that counts against it, without cache that can be dropped.");
  PerProcess(
      host, options, false, [](const auto& one) { return one.limit.used_fraction(); }, out);
  out.Family("leaktrack_process_growth_bytes_per_second", "gauge",
             "Growth of what the process holds; 0 where it does not grow for sure.");
  PerProcess(
      host, options, true,
      [](const auto& one) -> std::optional<double> {
        if (!one.growth.rate) return std::nullopt;
        return one.growth.shape == Shape::kGrows ? one.growth.rate->mid / 3600 : 0;
      },
      out);
  out.Family("leaktrack_process_seconds_to_limit", "gauge",
             "Time until the limit is reached; absent unless the growth has lasted that long.");
  for (const ProcessView& one : Shown(host, options)) Bounds(Of(one), one.outlook, out);
  out.Family("leaktrack_process_status", "gauge", "1 for the status that the process has.");
  for (const ProcessView& one : Shown(host, options)) States(Of(one), one.status, out);
}

void MemoryOf(const ProcessView& process, MetricsWriter& out) {
  const auto add = [&](const char* name, std::optional<double> bytes) {
    if (bytes) out.Sample(With(Of(process), "class", name), *bytes);
  };
  add("anonymous", Known(process.now.anonymous));
  add("file", Known(process.now.files));
  add("shmem", Known(process.now.shared));
  add("swap", Known(process.now.swap));
  if (process.tracked) {
    for (const auto& [name, bytes] : process.tracked->memory) add(name.c_str(), bytes);
  }
}

Labels Of(const ProcessView& process, const SiteSummary& site) {
  Labels labels = Of(process);
  labels.emplace_back("verdict", Name(site.verdict));
  labels.emplace_back("function", site.function.empty() ? site.module : site.function);
  labels.emplace_back("file", site.file);
  labels.emplace_back("line", site.line == 0 ? "" : absl::StrCat(site.line));
  labels.emplace_back("site", absl::StrCat(site.site));
  return labels;
}

void PerSite(const HostView& host, const MetricsOptions& options,
             const std::function<double(const SiteSummary&)>& figure, MetricsWriter& out) {
  for (const ProcessView& process : Shown(host, options)) {
    if (!process.tracked) continue;
    const auto& sites = process.tracked->sites;
    double rest = 0;
    for (size_t i = 0; i < sites.size(); ++i) {
      if (i < options.sites)
        out.Sample(Of(process, sites[i]), figure(sites[i]));
      else
        rest += figure(sites[i]);
    }
    if (sites.size() > options.sites)
      out.Sample(Of(process, SiteSummary{0, "(rest)", "", "", 0, Verdict::kNone, 0, {}}), rest);
  }
}

void WriteTracked(const HostView& host, const MetricsOptions& options, MetricsWriter& out) {
  out.Family("leaktrack_memory_bytes", "gauge", "Memory of a process by class.");
  for (const ProcessView& one : Shown(host, options)) MemoryOf(one, out);
  out.Family("leaktrack_site_live_bytes", "gauge", "Bytes alive by the place that allocated them.");
  PerSite(
      host, options, [](const SiteSummary& site) { return site.live_bytes; }, out);
  out.Family("leaktrack_site_growth_bytes_per_second", "gauge",
             "Growth by the place that allocates; 0 where it does not grow for sure.");
  PerSite(
      host, options,
      [](const SiteSummary& site) {
        return Significant(site.growth) ? site.growth->mid / 3600 : 0;
      },
      out);
  out.Family("leaktrack_lost_records", "counter", "What the tracker could not record.");
  for (const ProcessView& one : Shown(host, options)) {
    if (!one.tracked) continue;
    for (const auto& [kind, count] : one.tracked->lost)
      out.Sample(With(Of(one), "kind", kind), count);
  }
}

void WriteCgroups(const HostView& host, const MetricsOptions& options, MetricsWriter& out) {
  const auto shown = std::span(host.cgroups).first(std::min(options.cgroups, host.cgroups.size()));
  const auto each = [&](const std::function<std::optional<double>(const CgroupView&)>& figure) {
    for (const CgroupView& one : shown) {
      if (const std::optional<double> value = figure(one))
        out.Sample({{"cgroup", one.now.path}}, *value);
    }
  };
  out.Family("leaktrack_cgroup_used_bytes", "gauge",
             "Memory of a cgroup, without cache that can be dropped.");
  each([](const CgroupView& one) { return Known(one.now.Held()); });
  out.Family("leaktrack_cgroup_limit_bytes", "gauge", "Its limit; absent where it has none.");
  each([](const CgroupView& one) { return one.now.max > 0 ? Known(one.now.max) : std::nullopt; });
  out.Family("leaktrack_cgroup_seconds_to_limit", "gauge",
             "Time until the limit is reached; absent unless the growth has lasted that long.");
  for (const CgroupView& one : shown) Bounds({{"cgroup", one.now.path}}, one.outlook, out);
  out.Family("leaktrack_cgroup_status", "gauge", "1 for the status that the cgroup has.");
  for (const CgroupView& one : shown) {
    if (one.limit.kind != LimitKind::kNone) States({{"cgroup", one.now.path}}, one.status, out);
  }
  out.Family("leaktrack_cgroup_oom_kills", "counter", "Processes that the OOM killer ended in it.");
  each([](const CgroupView& one) { return Known(one.now.oom_kills); });
}

void WriteMachine(const HostView& host, MetricsWriter& out) {
  const auto one = [&](const char* name, const char* help, std::optional<double> value) {
    out.Family(name, "gauge", help);
    if (value) out.Sample({}, *value);
  };
  one("leaktrack_machine_available_bytes", "Memory that the machine could still give.",
      Known(host.machine.available));
  one("leaktrack_machine_total_bytes", "Memory of the machine.", Known(host.machine.total));
  one("leaktrack_processes", "Processes that are seen.",
      static_cast<double>(host.processes.size()));
  one("leaktrack_watched_seconds", "Time since the first look at this host.", host.watched_seconds);
}

}  // namespace

MetricsFormat ChooseMetricsFormat(const std::string& accept) {
  return accept.find("application/openmetrics-text") != std::string::npos
             ? MetricsFormat::kOpenMetrics
             : MetricsFormat::kPrometheus;
}

const char* ContentType(MetricsFormat format) {
  return format == MetricsFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

void MetricsWriter::Family(std::string_view name, std::string_view type, std::string_view help) {
  const bool counter = type == "counter";
  sample_name_ = absl::StrCat(std::string(name), counter ? "_total" : "");
  // Only OpenMetrics names a counter's family without its suffix.
  const std::string family =
      format_ == MetricsFormat::kOpenMetrics ? std::string(name) : sample_name_;
  absl::StrAppend(&text_, "# HELP ", family, " ", std::string(help), "\n# TYPE ", family, " ",
                  std::string(type), "\n");
}

void MetricsWriter::Sample(const Labels& labels, double value) {
  text_ += sample_name_;
  const char* before = "{";
  for (const auto& [name, text] : labels) {
    absl::StrAppend(&text_, before, std::string(name), "=\"", Escaped(text), "\"");
    before = ",";
  }
  if (!labels.empty()) text_ += "}";
  const bool whole = std::abs(value) < 1e15 && value == std::round(value);
  if (whole)
    absl::StrAppend(&text_, " ", static_cast<int64_t>(value), "\n");
  else
    absl::StrAppend(&text_, " ", std::isfinite(value) ? value : 0, "\n");
}

std::string MetricsWriter::Finish() && {
  if (format_ == MetricsFormat::kOpenMetrics) text_ += "# EOF\n";
  return std::move(text_);
}

std::string MetricsText(const HostView& host, const MetricsOptions& options) {
  MetricsWriter out(options.format);
  WriteProcesses(host, options, out);
  WriteTracked(host, options, out);
  WriteCgroups(host, options, out);
  WriteMachine(host, out);
  return std::move(out).Finish();
}

}  // namespace leaktrack::live

// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/base/safe_text.h"
#include "tools/live/words/phrases.h"
#include "tools/live/words/triage_page.h"
#include "tools/report/words/names.h"

namespace leaktrack::live {
namespace {

Json Bytes(int64_t bytes) { return bytes < 0 ? Json() : Json(bytes); }
Json Limit(int64_t bytes) { return bytes <= 0 ? Json() : Json(bytes); }
Json Text(const std::string& text) { return TextOrNull(SafeText(text)); }

Json SecondsJson(const Outlook& outlook) {
  return {{"low", WholeOrNull(outlook.low)},
          {"mid", WholeOrNull(outlook.mid)},
          {"high", WholeOrNull(outlook.high)}};
}

void AddGrowth(const std::optional<Rate>& rate, Json& json) {
  json["growth_bytes_per_hour"] = rate ? Whole(rate->mid) : Json();
  json["growth_low"] = rate ? Whole(rate->low) : Json();
  json["growth_high"] = rate ? Whole(rate->high) : Json();
}

Json FractionOf(const LimitView& limit) {
  const std::optional<double> used = limit.used_fraction();
  return used ? Json(std::round(*used * 1e4) / 1e4) : Json();
}

Json SiteJson(const SiteSummary& site) {
  Json json = {{"site", site.site},
               {"function", Text(site.function)},
               {"file", Text(site.file)},
               {"line", site.line == 0 ? Json() : Json(site.line)},
               {"module", Text(site.module)},
               {"verdict", Name(site.verdict)},
               {"live_bytes", Whole(site.live_bytes)}};
  AddGrowth(site.growth, json);
  return json;
}

Json OutsideJson(const CgroupView& cgroup) {
  Json list = Json::array();
  for (const OutsideGrowth& one : cgroup.outside) {
    list.push_back({{"kind", one.kind},
                    {"bytes", one.bytes},
                    {"growth_bytes_per_hour", one.rate ? Whole(one.rate->mid) : Json()}});
  }
  return list;
}

Json MachineJson(const HostView& host) {
  return {{"total_bytes", Bytes(host.machine.total)},
          {"available_bytes", Bytes(host.machine.available)},
          {"growth_bytes_per_hour",
           host.machine_growth.rate ? Whole(host.machine_growth.rate->mid) : Json()},
          {"seconds_to_limit", SecondsJson(host.machine_outlook)},
          {"status", Name(host.machine_status)}};
}

Json StepsJson(const HostView& host, const TriageOptions& options) {
  Json steps = Json::array();
  if (host.processes.empty() || AnswerOf(host) == TriageAnswer::kOk) return steps;
  for (const NextStep& step : NextSteps(host.processes.front(), host, options.next))
    steps.push_back({{"why", step.why}, {"command", TextOrNull(step.command)}});
  return steps;
}

}  // namespace

Json ProcessJson(const ProcessView& process) {
  Json json = {{"pid", process.now.key.pid},
               {"name", SafeText(process.now.name)},
               {"cgroup", Text(process.now.cgroup)},
               {"rss_bytes", Bytes(process.now.resident)}};
  AddGrowth(process.growth.rate, json);
  json["class"] = CauseName(process.cause);
  json["limit_bytes"] = Limit(process.limit.bytes);
  json["limit_kind"] = TextOrNull(Name(process.limit.kind));
  json["seconds_to_limit"] = SecondsJson(process.outlook);
  json["status"] = Name(process.status);
  json["tracked"] = process.tracked.has_value();
  const bool sites = process.tracked && !process.tracked->sites.empty();
  json["worst_site"] = sites ? SiteJson(process.tracked->sites.front()) : Json();
  json["anonymous_bytes"] = Bytes(process.now.anonymous);
  json["swap_bytes"] = Bytes(process.now.swap);
  json["pss_bytes"] = process.now.closely ? Bytes(process.now.closely->pss) : Json();
  json["descriptors"] = process.now.closely ? Bytes(process.now.closely->descriptors) : Json();
  json["threads"] = Bytes(process.now.threads);
  json["age_seconds"] = Whole(process.now.age_seconds);
  json["limit_cgroup"] = Text(process.limit.cgroup);
  json["used_fraction"] = FractionOf(process.limit);
  json["time_is_shared"] = process.shared_outlook;
  json["time_is_trusted"] = process.outlook.trusted;
  json["capture"] = process.tracked ? Text(process.tracked->capture) : Json();
  return json;
}

Json CgroupJson(const CgroupView& cgroup) {
  Json json = {{"path", SafeText(cgroup.now.path)},
               {"limit_bytes", Limit(cgroup.now.max)},
               {"used_bytes", Bytes(cgroup.now.Held())},
               {"cache_bytes", Bytes(cgroup.now.cache)},
               {"processes", cgroup.processes}};
  AddGrowth(cgroup.growth.rate, json);
  json["seconds_to_limit"] = SecondsJson(cgroup.outlook);
  json["status"] = Name(cgroup.status);
  json["grows_outside_processes"] =
      cgroup.blamed ? Json(cgroup.outside[*cgroup.blamed].kind) : Json();
  json["outside_processes"] = OutsideJson(cgroup);
  json["oom_kills"] = Bytes(cgroup.now.oom_kills);
  json["pressure_percent"] = cgroup.now.pressure < 0 ? Json() : Json(cgroup.now.pressure);
  return json;
}

Json KillJson(const OomKill& kill) {
  return {{"time", kill.time == 0 ? Json() : Json(kill.time)},
          {"pid", kill.pid == 0 ? Json() : Json(kill.pid)},
          {"name", Text(kill.name)},
          {"scope", kill.whole_group                        ? "group"
                    : kill.scope == OomKill::Scope::kCgroup ? "cgroup"
                                                            : "machine"},
          {"cgroup", Text(kill.cgroup)},
          {"limit_bytes", Limit(kill.limit_bytes)},
          {"rss_bytes", Bytes(kill.resident)},
          {"largest", Text(kill.largest)},
          {"count", kill.count},
          {"by", kill.proof == OomKill::Proof::kKernelLog ? "kernel log" : "counter"}};
}

std::string TriageJson(const HostView& host, const TriageOptions& options) {
  Json json = {{"schema", 1},
               {"seconds", std::round(host.watched_seconds * 10) / 10},
               {"machine", MachineJson(host)},
               {"processes", Json::array()},
               {"cgroups", Json::array()},
               {"oom_kills", Json::array()}};
  for (const ProcessView& process : host.processes)
    json["processes"].push_back(ProcessJson(process));
  for (const CgroupView& cgroup : host.cgroups) json["cgroups"].push_back(CgroupJson(cgroup));
  for (const OomKill& kill : host.kills) json["oom_kills"].push_back(KillJson(kill));
  json["not_seen"] = UnseenTexts(host.unseen);
  json["next"] = StepsJson(host, options);
  return json.dump(2) + "\n";
}

}  // namespace leaktrack::live

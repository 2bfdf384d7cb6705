// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/next_steps.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tools/analysis/model/result.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/words/advice_words.h"

namespace leaktrack::live {
namespace {

constexpr double kNightHours = 8;
constexpr double kMebibyte = 1 << 20;

std::string Quoted(const std::string& path) {
  const std::string safe = SafeText(path);
  const bool plain = safe.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789/._-+:@") == std::string::npos;
  if (plain) return safe;
  std::string quoted = "'";
  for (const char c : safe) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// A limit that lasts the night: what is held now, and eight hours of growth.
NextStep RaiseLimit(const ProcessView& process, const HostView& host, const NextOptions& options) {
  const CgroupView* cgroup = host.FindCgroup(process.limit.cgroup);
  const Growth& growth = cgroup != nullptr && cgroup->growth.rate ? cgroup->growth : process.growth;
  const double rate = growth.rate ? std::max(growth.rate->high, 0.0) : 0;
  const double asked = static_cast<double>(process.limit.held) + rate * kNightHours;
  const auto mebibytes = static_cast<int64_t>(std::ceil(asked / kMebibyte / 64) * 64);
  const double size = static_cast<double>(mebibytes) * kMebibyte;
  const double room = static_cast<double>(std::max<int64_t>(host.machine.available, 0));
  if (asked - static_cast<double>(process.limit.held) > room) {
    return {absl::StrCat("a limit that lasts 8 hours would be ", FormatSize(size),
                         ", and the machine has not so much: restart or move it before that"),
            ""};
  }
  const std::string& path = process.limit.cgroup;
  if (path.find("kubepods") != std::string::npos) {
    return {absl::StrCat("raise the pod's limit in place, which lasts 8 hours"),
            absl::StrCat("kubectl patch pod POD --subresource resize -p '{\"spec\":{\"containers\":"
                         "[{\"name\":\"CONTAINER\",\"resources\":{\"limits\":{\"memory\":\"",
                         mebibytes, "Mi\"}}}]}}'")};
  }
  const bool first = cgroup != nullptr && cgroup->now.version == 1;
  const std::string file = absl::StrCat(options.cgroup_folder, path == "/" ? "" : path,
                                        first ? "/memory.limit_in_bytes" : "/memory.max");
  return {absl::StrCat("raise the limit to ", FormatSize(size), ", which lasts 8 hours"),
          absl::StrCat("echo ", mebibytes, "M > ", Quoted(file))};
}

std::optional<AdviceKind> RuntimeOf(std::string_view name) {
  const auto begins = [&](std::string_view with) { return name.starts_with(with); };
  if (begins("python") || begins("gunicorn") || begins("uwsgi")) return AdviceKind::kPythonMalloc;
  if (begins("java")) return AdviceKind::kJvmTools;
  if (begins("node")) return AdviceKind::kNodeTools;
  if (begins("php")) return AdviceKind::kZendAlloc;
  return std::nullopt;
}

std::vector<NextStep> LookSteps(const ProcessView& process, const NextOptions& options) {
  const pid_t pid = process.now.key.pid;
  std::vector<NextStep> steps;
  if (process.tracked && !process.tracked->capture.empty()) {
    steps.push_back({"read who allocates it",
                     absl::StrCat("leaktrack report ", Quoted(process.tracked->capture))});
    return steps;
  }
  if (options.can_look)
    steps.push_back({"see what its heap consists of, without a restart",
                     absl::StrCat("leaktrack look ", pid, " --seconds 10")});
  if (options.can_attach)
    steps.push_back({"track it from now on, without a restart",
                     absl::StrCat("leaktrack attach ", pid, " -o /var/tmp/captures")});
  steps.push_back({"restart one replica under the tracker",
                   absl::StrCat("leaktrack run -o /var/tmp/captures -- $(tr '\\0' ' ' < /proc/",
                                pid, "/cmdline)")});
  return steps;
}

}  // namespace

std::vector<NextStep> NextSteps(const ProcessView& process, const HostView& host,
                                const NextOptions& options) {
  std::vector<NextStep> steps = LookSteps(process, options);
  if (process.cause == Cause::kShared)
    steps.insert(steps.begin(),
                 {"it is shared memory: see whose",
                  "ls -l /proc/*/fd 2>/dev/null | grep -e memfd -e shm; df /dev/shm"});
  if (const std::optional<AdviceKind> runtime = RuntimeOf(process.now.name))
    steps.push_back({AdviceText({*runtime, 0, ""}), ""});
  if (process.limit.kind == LimitKind::kCgroup && process.outlook.mid)
    steps.push_back(RaiseLimit(process, host, options));
  return steps;
}

std::string KeepEvidence(const ProcessView& process) {
  if (process.tracked) {
    return "the capture outlives a restart and kill -9; dropping caches (vm.drop_caches) hides "
           "what was file cache";
  }
  return absl::StrCat("a restart or kill -9 of ", process.now.key.pid,
                      " destroys what could be looked at; gcore and gdb stop it for as long as "
                      "they work, and a core file is page cache of the same cgroup");
}

}  // namespace leaktrack::live

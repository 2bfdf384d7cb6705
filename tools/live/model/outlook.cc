// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/outlook.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "tools/analysis/process/forecast.h"

namespace leaktrack::live {
namespace {

constexpr double kLowShare = .1, kMidShare = .5, kHighShare = .9;
constexpr double kUnprovenReach = 20, kStartupReach = 8;
constexpr double kWarningReach = 64;

Status Worse(Status a, Status b) { return std::max(a, b); }

Status ByLevel(size_t level) {
  constexpr Status kStatus[] = {Status::kWarning, Status::kCritical, Status::kOomImminent};
  return kStatus[level];
}

Status StatusByTime(const StatusLevels& levels, const Growth& growth, const Outlook& outlook) {
  Status status = Status::kOk;
  if (!outlook.mid) return status;
  for (size_t i = 0; i < levels.seconds.size(); ++i) {
    if (*outlook.mid < levels.seconds[i]) status = ByLevel(i);
  }
  const double reach = growth.shape == Shape::kStartup ? kStartupReach : kUnprovenReach;
  if (outlook.trusted || *outlook.mid <= reach * growth.trusted_seconds) return status;
  const bool warns =
      growth.shape == Shape::kGrows && *outlook.mid <= kWarningReach * growth.trusted_seconds;
  return warns ? std::min(status, Status::kWarning) : Status::kOk;
}

}  // namespace

Outlook OutlookOf(const Growth& growth, double headroom_bytes) {
  Outlook outlook;
  if (growth.shape != Shape::kGrows && growth.shape != Shape::kStartup) return outlook;
  const std::optional<GrowthModel> model = ModelOf(growth.rate);
  if (!model) return outlook;
  const Forecast forecast({*model}, headroom_bytes, 1);
  outlook.low = forecast.SecondsAt(kLowShare);
  outlook.mid = forecast.SecondsAt(kMidShare);
  outlook.high = forecast.SecondsAt(kHighShare);
  outlook.trusted =
      growth.shape == Shape::kGrows && outlook.mid && *outlook.mid <= growth.trusted_seconds;
  if (!outlook.trusted) outlook.high = std::nullopt;
  return outlook;
}

bool Sooner(const Outlook& a, const Outlook& b) { return a.mid && (!b.mid || *a.mid < *b.mid); }

Status StatusOf(const StatusLevels& levels, std::optional<double> used, const Growth& growth,
                const Outlook& outlook) {
  Status status = StatusByTime(levels, growth, outlook);
  for (size_t i = 0; used && i < levels.use.size(); ++i) {
    if (*used >= levels.use[i]) status = Worse(status, ByLevel(i));
  }
  return status;
}

}  // namespace leaktrack::live

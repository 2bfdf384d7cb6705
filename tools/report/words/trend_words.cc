// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/trend_words.h"

namespace leaktrack {
namespace {

constexpr char kRate[] = "{rate}{since}";
constexpr char kSteadily[] = "{steadily}";
constexpr char kChance[] = "its growth is within what chance explains";

}  // namespace

TrendWords WordsOf(Trend trend) {
  switch (trend) {
    case Trend::kInsufficient:
      return {"insufficient", kRate, kSteadily, "only {alive} to judge by"};
    case Trend::kLinear:
      return {"linear", kRate, kSteadily, kChance};
    case Trend::kAccelerating:
      return {"accelerating", "{rate}{since}, and rising", "ever faster", kChance};
    case Trend::kExponential:
      return {"exponential", "doubles every {doubling}, now {rate}",
              "ever faster, doubling every {doubling}", kChance};
    case Trend::kSawtooth:
      return {"sawtooth", "teeth of {tooth} on a base that grows {rate}",
              "under a saw of teeth of {tooth} that is freed again", kChance};
    case Trend::kContainer:
      return {"container", "{rate}: one container that never shrinks", kSteadily, kChance};
    case Trend::kBacklog:
      return {"backlog", "{rate}: a queue that fills faster than it is emptied", kSteadily,
              kChance};
    case Trend::kDecelerating:
      return {"decelerating", "{rate}{since}, and slowing down", "ever more slowly",
              "new blocks come ever more slowly: it is filling up"};
    case Trend::kPlateau:
      return {"plateau", kRate, "hardly any more",
              "new blocks have stopped coming: it has filled up"};
    case Trend::kStep:
      return {"step", kRate, kSteadily, "it was allocated in one or a few bursts"};
    case Trend::kStartup:
      return {"startup", kRate, kSteadily, "nearly all of it was allocated {before}"};
    case Trend::kBounded:
      return {"bounded", kRate, kSteadily,
              "its blocks die when they are about {residence} old: a cache or a pool"};
    case Trend::kPeriodic:
      return {"periodic", kRate, kSteadily, "it {returns}"};
    case Trend::kChurn:
      return {"churn", kRate, kSteadily, "blocks older than {age} do die ({deaths} did)"};
    case Trend::kFlat:
      return {"flat", kRate, kSteadily, "nothing that was allocated {after} is left"};
  }
  return {};
}

}  // namespace leaktrack

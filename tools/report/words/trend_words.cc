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
      return {"insufficient",
              "too few blocks to tell",
              "too few blocks to tell how it goes on",
              kRate,
              "",
              kSteadily,
              "there are only {alive} to judge by"};
    case Trend::kLinear:
      return {
          "linear",  "grows steadily", "grows at a steady rate and does not slow down", kRate, "",
          kSteadily, kChance};
    case Trend::kAccelerating:
      return {"accelerating",
              "grows faster and faster",
              "grows faster and faster",
              "{rate}{since}, and rising",
              "it grows faster and faster",
              "ever faster",
              kChance};
    case Trend::kExponential:
      return {"exponential",
              "doubles again and again",
              "doubles again and again in equal times",
              "{rate} now, doubling every {doubling}",
              "it doubles every {doubling}",
              "ever faster, doubling every {doubling}",
              kChance};
    case Trend::kSawtooth:
      return {"sawtooth",
              "rises and falls, and keeps some each time",
              "rises and is freed again, and some more of it stays each time",
              "{rate}{since} at the base, under peaks of {tooth} that are freed again",
              "that is what stays, under peaks of {tooth} that are freed again",
              "under peaks of {tooth} that are freed again",
              kChance};
    case Trend::kContainer:
      return {"container",
              "one growing vector, table or arena",
              "one block that moves to ever larger sizes, as a vector or a hash table does that is "
              "never emptied; or an arena that takes ever larger blocks",
              "{rate}{since}: one vector, table or arena that never shrinks",
              "it is one vector, table or arena that never shrinks",
              kSteadily,
              kChance};
    case Trend::kBacklog:
      return {"backlog",
              "a queue that falls behind",
              "its blocks are freed, but later and later: a queue that takes in more than is "
              "worked off",
              "{rate}{since}: a queue that fills faster than it is emptied",
              "it is a queue that fills faster than it is emptied",
              kSteadily,
              kChance};
    case Trend::kDecelerating:
      return {"decelerating",
              "grows more and more slowly",
              "grows more and more slowly, as a cache does that fills",
              "{rate}{since}, and slowing down",
              "it is slowing down",
              "more and more slowly",
              "new blocks come more and more slowly: it is filling up"};
    case Trend::kPlateau:
      return {"plateau",
              "has filled up",
              "grew and has stopped, as a cache does that is full",
              kRate,
              "it has nearly stopped",
              "hardly any more",
              "new blocks have stopped coming: it has filled up"};
    case Trend::kStep:
      return {"step", "came in bursts", "came in one or a few bursts and stayed", kRate,
              "",     kSteadily,        "it was allocated in one or a few bursts"};
    case Trend::kStartup:
      return {"startup",
              "made at the start",
              "nearly all of it was made while the program started",
              kRate,
              "",
              kSteadily,
              "nearly all of it was allocated {before}"};
    case Trend::kBounded:
      return {"bounded",
              "kept for a time",
              "its blocks are freed at about one age: a cache or a pool that drops what is old",
              kRate,
              "",
              kSteadily,
              "its blocks are freed when they are about {residence} old: a cache or a pool"};
    case Trend::kPeriodic:
      return {"periodic", "comes and goes", "comes and is freed again, in turns", kRate, "",
              kSteadily,  "it {returns}"};
    case Trend::kChurn:
      return {"churn",
              "freed and made again",
              "old blocks are freed while new ones come",
              kRate,
              "",
              kSteadily,
              "blocks older than {age} are freed ({deaths} were)"};
    case Trend::kFlat:
      return {"flat", "freed again", "what came after the start has been freed",  kRate,
              "",     kSteadily,     "nothing that was allocated {after} is left"};
  }
  return {};
}

}  // namespace leaktrack

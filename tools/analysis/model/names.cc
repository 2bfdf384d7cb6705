// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/model/result.h"

namespace leaktrack {

const char* Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNone:
      return "none";
    case Verdict::kWatch:
      return "watch";
    case Verdict::kSuspect:
      return "suspect";
    case Verdict::kLeak:
      return "leak";
  }
  return "none";
}

const char* Name(Trend trend) {
  switch (trend) {
    case Trend::kInsufficient:
      return "insufficient";
    case Trend::kLinear:
      return "linear";
    case Trend::kAccelerating:
      return "accelerating";
    case Trend::kDecelerating:
      return "decelerating";
    case Trend::kPlateau:
      return "plateau";
    case Trend::kStep:
      return "step";
    case Trend::kStartup:
      return "startup";
    case Trend::kBounded:
      return "bounded";
    case Trend::kChurn:
      return "churn";
    case Trend::kFlat:
      return "flat";
    case Trend::kContainer:
      return "container";
    case Trend::kExponential:
      return "exponential";
    case Trend::kSawtooth:
      return "sawtooth";
    case Trend::kBacklog:
      return "backlog";
    case Trend::kPeriodic:
      return "periodic";
  }
  return "insufficient";
}

const char* Name(State state) {
  switch (state) {
    case State::kNew:
      return "new";
    case State::kConfirmed:
      return "confirmed";
    case State::kRetracted:
      return "retracted";
  }
  return "new";
}

const char* Name(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kWarning:
      return "warning";
    case Status::kCritical:
      return "critical";
    case Status::kOomImminent:
      return "oom_imminent";
  }
  return "ok";
}

const char* Name(MemoryClass memory_class) {
  switch (memory_class) {
    case MemoryClass::kUnknown:
      return "unknown";
    case MemoryClass::kSteady:
      return "steady";
    case MemoryClass::kLeak:
      return "leak";
    case MemoryClass::kRetention:
      return "retention";
    case MemoryClass::kMappings:
      return "mappings";
    case MemoryClass::kUntouched:
      return "untouched";
  }
  return "unknown";
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/names.h"

#include "tools/report/words/trend_words.h"

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

const char* Name(Trend trend) { return WordsOf(trend).name; }

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

const char* Name(LimitKind kind) {
  switch (kind) {
    case LimitKind::kNone:
      return "";
    case LimitKind::kCgroup:
      return "cgroup";
    case LimitKind::kRlimit:
      return "rlimit";
    case LimitKind::kMachine:
      return "machine";
    case LimitKind::kOption:
      return "option";
  }
  return "";
}

}  // namespace leaktrack

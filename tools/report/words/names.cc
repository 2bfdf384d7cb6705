// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/names.h"

#include <algorithm>

#include "tools/report/words/trend_words.h"

namespace leaktrack {

Term TermOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNone:
      return {"none", "no growth that could be told from chance"};
    case Verdict::kWatch:
      return {"watch",
              "it grows; that this is a leak is less than 80 % probable, for a cache that fills "
              "would look the same"};
    case Verdict::kSuspect:
      return {"suspect", "most likely a leak: 80 % probable or more"};
    case Verdict::kLeak:
      return {"leak", "99 % probable, or more, that it is a leak"};
  }
  return {};
}

Term TermOf(Trend trend) {
  const TrendWords words = WordsOf(trend);
  return {words.name, words.meaning};
}

Term TermOf(State state) {
  switch (state) {
    case State::kNew:
      return {"new", "seen by the latest look, not yet by an earlier one as well"};
    case State::kConfirmed:
      return {"confirmed", "seen by two looks in a row, in a run of four hours or more"};
    case State::kRetracted:
      return {"retracted", "an earlier look took it for a leak; it has stopped growing since"};
  }
  return {};
}

Term TermOf(Status status) {
  switch (status) {
    case Status::kOk:
      return {"ok", "the memory limit is far away, or none is known"};
    case Status::kWarning:
      return {"warning", "by default 75 % of the limit are used, or it is full within a day"};
    case Status::kCritical:
      return {"critical", "by default 90 % are used, or it is full within an hour"};
    case Status::kOomImminent:
      return {"oom_imminent", "by default 97 % are used, or it is full within ten minutes"};
  }
  return {};
}

Term TermOf(MemoryClass memory_class) {
  switch (memory_class) {
    case MemoryClass::kUnknown:
      return {"unknown", "too little is known to say what the resident memory does"};
    case MemoryClass::kSteady:
      return {"steady", "resident memory does not grow"};
    case MemoryClass::kLeak:
      return {"leak", "resident memory grows with places that are accused"};
    case MemoryClass::kRetention:
      return {"retention", "memory was freed, and the allocator keeps it"};
    case MemoryClass::kMappings:
      return {"mappings", "what grows is not the heap: mappings, stacks of threads, files"};
    case MemoryClass::kUntouched:
      return {"untouched", "what grows is address space that holds no memory, or is swapped out"};
  }
  return {};
}

const char* Name(MemoryPartKind kind) {
  switch (kind) {
    case MemoryPartKind::kLiveHeap:
      return "live_heap";
    case MemoryPartKind::kRounding:
      return "allocator_overhead";
    case MemoryPartKind::kRetained:
      return "retained";
    case MemoryPartKind::kMappings:
      return "mappings";
    case MemoryPartKind::kRest:
      return "stacks_and_rest";
    case MemoryPartKind::kFiles:
      return "files";
    case MemoryPartKind::kShared:
      return "shared";
  }
  return "";
}

const char* Name(GrowingSum sum) {
  switch (sum) {
    case GrowingSum::kResident:
      return "resident";
    case GrowingSum::kHeap:
      return "heap";
    case GrowingSum::kMappings:
      return "mappings";
  }
  return "";
}

const char* ConclusionName(const Analysis& analysis) {
  switch (analysis.conclusion) {
    case Conclusion::kFound:
      return std::ranges::any_of(analysis.sites,
                                 [](const auto& site) { return site.verdict == Verdict::kLeak; })
                 ? "leak"
                 : "suspect";
    case Conclusion::kGrows:
      return "grows";
    case Conclusion::kClean:
      return "nothing";
    case Conclusion::kTooShort:
      return "too_short";
    case Conclusion::kDataLost:
      return "data_lost";
  }
  return "";
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

const char* Name(capture::OomWitness witness) {
  switch (witness) {
    case capture::OomWitness::kNone:
      return "";
    case capture::OomWitness::kCgroupCounter:
      return "cgroup_counter";
    case capture::OomWitness::kKernelLog:
      return "kernel_log";
  }
  return "";
}

const char* Name(capture::OomScope scope) {
  switch (scope) {
    case capture::OomScope::kCgroup:
      return "cgroup";
    case capture::OomScope::kGroup:
      return "group";
    case capture::OomScope::kMachine:
      return "machine";
  }
  return "";
}

std::vector<GlossaryPart> Glossary() {
  return {{"Verdicts of a place that allocates", TermsOf<Verdict>()},
          {"States of a verdict", TermsOf<State>()},
          {"Trends, the shapes of growth", TermsOf<Trend>()},
          {"Classes of the memory account", TermsOf<MemoryClass>()},
          {"Status, of the memory limit", TermsOf<Status>()}};
}

}  // namespace leaktrack

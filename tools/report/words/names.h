// SPDX-License-Identifier: Apache-2.0
//
// Names of enumerated answers and what they mean, in one table each.
//
// Names are what JSON has and text uses: they are a contract. The glossary of the man page, the
// tooltips of the HTML page and the explanations in the text are all made from these tables.
// Promises: a new value does not compile until it has a line.
// Thread-safety: constant.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_NAMES_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_NAMES_H_

#include <cstdint>
#include <vector>

#include "libtrack/capture/format.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

struct Term {
  const char* name = nullptr;  // null: there is no such value
  const char* meaning = "";
};

Term TermOf(Verdict verdict);
Term TermOf(Trend trend);
Term TermOf(State state);
Term TermOf(Status status);
Term TermOf(MemoryClass memory_class);

template <typename Value>
const char* Name(Value value) {
  return TermOf(value).name;
}
const char* Name(MemoryPartKind kind);
const char* Name(LimitKind kind);
const char* Name(capture::OomWitness witness);
const char* Name(capture::OomScope scope);  // empty for kNone
const char* Name(GrowingSum sum);
const char* ConclusionName(const Analysis& analysis);  // "leak", "suspect", "grows", "nothing" ...

// All values of an enumeration, which are numbered from 0 on without a gap.
template <typename Value>
std::vector<Term> TermsOf() {
  std::vector<Term> terms;
  for (uint8_t i = 0; TermOf(static_cast<Value>(i)).name != nullptr; ++i)
    terms.push_back(TermOf(static_cast<Value>(i)));
  return terms;
}

struct GlossaryPart {
  const char* title;
  std::vector<Term> terms;
};

std::vector<GlossaryPart> Glossary();

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_NAMES_H_

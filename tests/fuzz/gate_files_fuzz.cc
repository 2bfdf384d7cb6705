// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the files that a team commits beside its code: baselines, suppressions, limits.
//
// The same bytes go to each reader. Checked beside "no crash": a baseline that is accepted is
// written and read back with the same sites and comments, and writing it again gives the same text.
// A refusal names its file.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/fuzz/require.h"
#include "tools/compare/baseline.h"
#include "tools/compare/limits.h"
#include "tools/compare/suppressions.h"

namespace {

void ReadBaseline(const std::string& text) {
  const auto baseline = leaktrack::ParseBaseline(text, "f.txt");
  if (!baseline.ok()) {
    Require(baseline.status().message().substr(0, 5) == "f.txt");
    return;
  }
  const std::string written = leaktrack::FormatBaseline(*baseline);
  const auto again = leaktrack::ParseBaseline(written, "f.txt");
  Require(again.ok() && again->entries.size() == baseline->entries.size());
  Require(leaktrack::FormatBaseline(*again) == written);
}

void ReadSuppressions(const std::string& text) {
  leaktrack::Suppressions suppressions;
  if (!suppressions.Add(text, "f.txt").ok()) return;
  leaktrack::ResolvedFrame frame;
  frame.function = "service::Audit::Record(int)";
  frame.file = "/src/audit.cc";
  frame.module = "/usr/lib/libaudit.so";
  (void)suppressions.Covers({frame});
  (void)suppressions.Unused();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ReadBaseline(text);
  ReadSuppressions(text);
  (void)leaktrack::ParseLimits(text, "f.txt");
  return 0;
}

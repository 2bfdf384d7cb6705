// SPDX-License-Identifier: Apache-2.0
//
// Suppressions in LeakSanitizer's syntax, with its meaning.
//
//   leak:PATTERN      one per line; empty lines and lines that begin with # do not count
//
// PATTERN suppresses a site if it is found in the name of any function of its stack, in a source
// file's path, or in a module's path. '*' stands for any text. '^' at the beginning and '$' at the
// end pin the pattern to the ends of the name. Other kinds of suppression (race:,
// interceptor_via_lib: ...) belong to other tools, and are ignored with a note. The suppressions
// of a program or library apply to the processes that it is loaded in.
// Promises: each stack is judged by itself, before anything is summed up by blamed function. So a
// buffer that stdio keeps in main never hides a leak of main.
#ifndef LEAKTRACK_TOOLS_COMPARE_SUPPRESSIONS_H_
#define LEAKTRACK_TOOLS_COMPARE_SUPPRESSIONS_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/symbolize/call_stack.h"

namespace leaktrack {

// Whether `pattern` (with *, ^, $) is found in `text`.
bool PatternFound(std::string_view pattern, std::string_view text);

// Whether the pattern is found in the function, the source file or the module of a frame.
bool FrameMatches(std::string_view pattern, const ResolvedFrame& frame);

class Suppressions {
 public:
  // `name` precedes messages about a line: "lsan.supp:3: ...". `module`: the program or library
  // that brings the suppressions. They apply only in its processes. Empty: in all.
  absl::Status Add(std::string_view text, const std::string& name, const std::string& module = "");
  // Whether suppressions of this module were added, even if there were none.
  bool HasOf(const std::string& module) const { return modules_.contains(module); }

  // Adds the blocks that the C and C++ run-times keep until the end by design (buffers of stdout,
  // the emergency pool of exceptions, the loader's own), if the run-times themselves asked for
  // them. A constructor that the loader calls, or a function that also prints, belongs to the
  // program. Never reported as unused.
  void AddBuiltIn();

  // Whether a stack is covered, in a process that has these modules. Marks the first pattern that
  // covers it as used.
  bool Covers(const CallStack& stack, const std::set<std::string>& modules = {});

  // Patterns that covered nothing, in the order of the file, with file and line.
  std::vector<std::string> Unused() const;
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Entry {
    std::string pattern;
    std::string where;
    std::string module;
    bool used = false;
    bool built_in = false;
  };
  std::vector<Entry> entries_;
  std::vector<std::string> notes_;
  std::set<std::string> modules_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_SUPPRESSIONS_H_

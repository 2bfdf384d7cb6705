// SPDX-License-Identifier: Apache-2.0
//
// Suppressions in LeakSanitizer's syntax, with its meaning.
//
//   leak:PATTERN      one a line; lines that begin with # and empty lines do not count
//
// A site is suppressed when PATTERN is found in the name of any function of its stack, in a source
// file's path, or in a module's path. '*' stands for any text, '^' at the beginning and '$' at the
// end pin the pattern to the ends of the name. Other kinds of suppression (race:,
// interceptor_via_lib: ...) are ignored with a note, as other tools own them. What a program brings
// itself holds for the processes that it is loaded in.
// Promises: a stack is covered or not by itself, before anything is summed up by blamed function:
// what stdio keeps in main never hides what main loses.
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

// Whether it is found in the function, the source file or the module of a frame.
bool FrameMatches(std::string_view pattern, const ResolvedFrame& frame);

class Suppressions {
 public:
  // `name` is put before what is said of a line: "lsan.supp:3: ...". `module`: the program or
  // library that brings them, and in whose processes alone they hold; empty: all.
  absl::Status Add(std::string_view text, const std::string& name, const std::string& module = "");
  // Whether those of this module were added, be it none.
  bool HasOf(const std::string& module) const { return modules_.contains(module); }

  // What the C and C++ run-times keep until the end by design (buffers of stdout, the emergency
  // pool of exceptions, the loader's own), where they themselves asked for it: a constructor that
  // the loader calls, a function that also prints, are the program's. Never reported as unused.
  void AddBuiltIn();

  // Of a stack in a process that has these modules. The first pattern that covers it is marked as
  // used; false: none.
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

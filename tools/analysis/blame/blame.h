// SPDX-License-Identifier: Apache-2.0
//
// Which frame of an allocation stack to blame.
//
// What: the innermost frame of the program itself (own_code.h) that is not a wrapper around the
// allocator. malloc, operator new, std::vector::push_back, ruby_xmalloc or zmalloc are never the
// answer, nor is a library that the program called: the reader wants the one who asked, and whose
// code he can mend. Of an interpreter that runs a script it is the interpreter's function; where an
// event loop called a library by itself, nobody else asked: then it is the first frame that is no
// wrapper. The table of wrappers is in known_code.cc. Frames of the C and C++ run-time libraries at
// the leaf end are skipped as a whole: who lost a FILE is not fopen. What stands between an
// allocator of that table and malloc goes with it: xmalloc's helpers are xmalloc.
// Promises: always an index into the stack; of wrappers alone the outermost container, else 0.
// Unnamed frames (stripped static functions) give way to the next named function of the same
// module, which called them: "onig_compile_ruby" says more than "libruby-3.1.so+0x1a2b3c", and is
// true.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_BLAME_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_BLAME_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/analysis/blame/own_code.h"
#include "tools/analysis/blame/wrapper_rules.h"
#include "tools/symbolize/call_stack.h"

namespace leaktrack {

// True for a frame that only passes an allocation on.
bool IsWrapper(const ResolvedFrame& frame);

// True for what starts threads, runs event handlers or runs a script: what stands outside of it has
// not asked for what is allocated inside.
bool RunsTheProgram(const ResolvedFrame& frame);

// The index of the frame to blame in `stack`, leaf first.
size_t BlameIndex(const CallStack& stack, const WrapperRules& rules = {}, const OwnCode& own = {});

// The innermost frame that is no wrapper, whoever wrote it; never outside of `blame`.
size_t BelowWrappers(const CallStack& stack, size_t blame);

// The innermost frame of the program's own code from `blame` outwards, whatever lies between.
std::optional<size_t> OwnFrame(const CallStack& stack, size_t blame, const OwnCode& own);

// How many frames of `stack` a reader needs: those outside of main or of a thread's start routine
// are the C library's. Never fewer than the blamed frame and those inside of it.
size_t FramesOfTheProgram(const CallStack& stack, size_t blame);

// The qualified name without return type, template arguments' noise kept, parameters cut:
// "ns::Type<int>::Push".
std::string_view QualifiedName(std::string_view demangled);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_BLAME_H_

// SPDX-License-Identifier: Apache-2.0
//
// Code that is known by its name, as data: functions and libraries that pass an allocation on, or
// call the program back. One table, one line for each; wrappers.h asks it.
//
// Promises: a name that ends in '*' stands for all names that begin so, "a_*b" for those that end
// with b, "a_*b*" for those with b behind. Every line has an example, and a test holds the line to
// it.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_KNOWN_CODE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_KNOWN_CODE_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace leaktrack {

enum class KnownAs : uint8_t {
  kFamily,       // malloc and what others call it, in any namespace or class
  kAllocator,    // does nothing but allocate: what stands between it and malloc is its own
  kContainer,    // allocates on behalf of its caller, and may call back into the program
  kLoop,         // runs the program from then on: what stands outside of it asked for nothing
  kRuntimeFile,  // the C library and its like: a file whose functions only pass allocations on
  kLibraryFile,  // somebody else's library, even where it lies beside the program
  kHostFile,     // an interpreter, which runs other people's code
};

struct KnownCode {
  KnownAs as;
  std::string_view owner;    // who wrote it
  std::string_view pattern;  // of QualifiedName, or of a file's name
  std::string_view example;
};

// All lines of the table.
std::span<const KnownCode> KnownCodeTable();

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_KNOWN_CODE_H_

// SPDX-License-Identifier: Apache-2.0
//
// The allocators that leaktrack knows: one table for the tracked process and for the tools.
//
// What: their names, the libraries that hold them, and functions that nobody else defines. Why
// here: this is the only folder that both sides share; whoever adds an allocator adds a line here,
// and the compiler names each switch that has to say more of it.
// Promises: captures hold the name, not the number: lines may be in any order, but glibc's last.
//
// Thread-safety: constant.   Allocates: never.   Signals: safe.   Fork: constant.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_ALLOCATORS_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_ALLOCATORS_H_

#include <cstdint>
#include <string_view>

namespace leaktrack::capture {

enum class Allocator : uint8_t {
  kUnknown,
  kGlibc,
  kJemalloc,
  kTcmalloc,
  kMimalloc,
  kRpmalloc,
  kTbb,
  kSnmalloc,
  kScudo
};

struct AllocatorFacts {
  Allocator allocator = Allocator::kUnknown;
  const char* name = "";
  // How the name of its shared library begins; empty: it has none of its own.
  std::string_view library;
  // What it defines and others do not; empty: not known.
  std::string_view mark, other_mark;
  // What it exports to tell of itself; null: nothing that we ask.
  const char* told_by = nullptr;
  // How the names of its own functions look in stacks (MatchesPattern), where they have names.
  std::string_view functions[3];
};

inline constexpr AllocatorFacts kAllocators[] = {
    {Allocator::kJemalloc,
     "jemalloc",
     "libjemalloc",
     "mallocx",
     "je_mallocx",
     "mallctl",
     {"je_*", "jemalloc*", "rje_*"}},
    {Allocator::kTcmalloc,
     "tcmalloc",
     "libtcmalloc",
     "tc_malloc",
     "MallocExtension_Version",
     "MallocExtension_GetNumericProperty",
     {"tc_*", "tcmalloc::*"}},
    {Allocator::kMimalloc,
     "mimalloc",
     "libmimalloc",
     "mi_malloc",
     "",
     "mi_process_info",
     {"mi_*", "_mi_*"}},
    {Allocator::kRpmalloc, "rpmalloc", "librpmalloc", "rpmalloc", "", nullptr, {"rpmalloc*"}},
    {Allocator::kTbb, "TBB's allocator", "libtbbmalloc", "scalable_malloc", "", nullptr, {}},
    {Allocator::kSnmalloc, "snmalloc", "libsnmalloc", "snmalloc_malloc", "", nullptr, {}},
    {Allocator::kScudo, "scudo", "libscudo", "", "", nullptr, {"scudo::*"}},
    // The last: its functions are there beside those of any other.
    {Allocator::kGlibc, "glibc", "", "", "", "gnu_get_libc_version", {}},
};

// "" for kUnknown.
constexpr const char* AllocatorName(Allocator allocator) {
  for (const AllocatorFacts& one : kAllocators) {
    if (one.allocator == allocator) return one.name;
  }
  return "";
}

// kUnknown where no allocator has this name.
constexpr Allocator AllocatorNamed(std::string_view name) {
  for (const AllocatorFacts& one : kAllocators) {
    if (name == one.name) return one.allocator;
  }
  return Allocator::kUnknown;
}

// kUnknown for a library that is no allocator's.
constexpr Allocator AllocatorOfLibrary(std::string_view file_name) {
  for (const AllocatorFacts& one : kAllocators) {
    if (!one.library.empty() && file_name.substr(0, one.library.size()) == one.library)
      return one.allocator;
  }
  return Allocator::kUnknown;
}

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_ALLOCATORS_H_

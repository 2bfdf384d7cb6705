// SPDX-License-Identifier: Apache-2.0
//
// The name of a site across builds of its program.
//
// What: the functions of its stack from the blamed one outwards, as people call them. The key has
// no addresses, lines, parameters or compiler suffixes, no wrappers at its inner end, no C library
// at its outer end, and each recursion once.
// Why: a baseline is committed once, and compared with every later build.
// Promises: the same source gives the same key, whatever the compiler clones, splits or numbers.
// The name of a nameless frame is its library without version digits, so an update of the library
// does not make it new. In a plugin of the program, which may be loaded from a new path each time,
// it is the build-id and the offset.
#ifndef LEAKTRACK_TOOLS_COMPARE_SITE_KEY_H_
#define LEAKTRACK_TOOLS_COMPARE_SITE_KEY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tools/analysis/blame/own_code.h"
#include "tools/symbolize/call_stack.h"

namespace leaktrack {

// Names, blamed function first; printable; never empty.
using SiteKey = std::vector<std::string>;

SiteKey MakeSiteKey(const CallStack& stack, size_t blame, const OwnCode& own = {});

// The name of one frame in a key.
std::string NameInKey(const ResolvedFrame& frame, const OwnCode& own = {});

// "Record < Handle < main", as in a baseline. ParseSiteKey reads it back.
std::string KeyText(const SiteKey& key);
SiteKey ParseSiteKey(const std::string& text);

// The innermost `depth` names, or the whole key if it is shorter.
SiteKey Suffix(const SiteKey& key, size_t depth);

// This many names make a site known again if no whole key does.
inline constexpr size_t kSuffixDepth = 3;

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_SITE_KEY_H_

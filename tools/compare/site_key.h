// SPDX-License-Identifier: Apache-2.0
//
// The name under which a site is found again in another build of the program.
//
// What: the functions of its stack from the blamed one outwards, as people call them: no addresses,
// lines, parameters or compiler suffixes, no wrappers at the inner and no C library at the outer
// end, recursion folded to one. Why: a baseline is committed once and read against every later
// build.
// Promises: the same source gives the same key whatever the compiler clones, splits or numbers. A
// frame without a name is its library without version digits, so that an update of the library does
// not make it new; in a plugin of the program's own, which may be loaded from a new path each time,
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

// "Record < Handle < main": as it stands in a baseline. ParseSiteKey reads it back.
std::string KeyText(const SiteKey& key);
SiteKey ParseSiteKey(const std::string& text);

// The innermost `depth` names; the whole key where it is shorter.
SiteKey Suffix(const SiteKey& key, size_t depth);

// So many make a site known again where no whole key does.
inline constexpr size_t kSuffixDepth = 3;

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_SITE_KEY_H_

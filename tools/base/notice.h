// SPDX-License-Identifier: Apache-2.0
//
// What a user should hear once, however often the code comes by.
#ifndef LEAKTRACK_TOOLS_BASE_NOTICE_H_
#define LEAKTRACK_TOOLS_BASE_NOTICE_H_

#include <string>
#include <string_view>

namespace leaktrack {

// A line on standard error, "leaktrack: TEXT"; nothing where this process has said the same before.
// Names in it are made safe to print.
void SayOnce(const std::string& text);

// That there is no place for what would help later reports, names and plateaus: once for one
// reason, however many of them have no place.
void SayNothingIsKept(std::string_view why);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_NOTICE_H_

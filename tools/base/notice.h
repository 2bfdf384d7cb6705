// SPDX-License-Identifier: Apache-2.0
//
// Notices that a user should see once, however often their cause occurs.
#ifndef LEAKTRACK_TOOLS_BASE_NOTICE_H_
#define LEAKTRACK_TOOLS_BASE_NOTICE_H_

#include <string>
#include <string_view>

namespace leaktrack {

// Prints "leaktrack: TEXT" on standard error, unless this process has printed it before. Makes
// names in it safe to print.
void SayOnce(const std::string& text);

// Says that names and plateaus cannot be kept for later reports. Once per reason, however many of
// them are affected.
void SayNothingIsKept(std::string_view why);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_NOTICE_H_

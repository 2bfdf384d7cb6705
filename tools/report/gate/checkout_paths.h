// SPDX-License-Identifier: Apache-2.0
//
// Source files named as a code host names them: below the root of the checkout.
//
// Why: compilers write absolute names into debug information, those of the build machine. GitHub
// and GitLab attach a finding to a line only if its file is named from the root of the repository.
// Limits: names are compared as text, links are not followed; a file outside of the checkout keeps
// its full name.
#ifndef LEAKTRACK_TOOLS_REPORT_GATE_CHECKOUT_PATHS_H_
#define LEAKTRACK_TOOLS_REPORT_GATE_CHECKOUT_PATHS_H_

#include <filesystem>
#include <string>

#include "tools/compare/gate.h"

namespace leaktrack {

// The nearest directory at or above `directory` that holds a .git; `directory` itself if there is
// none.
std::filesystem::path FindCheckout(const std::filesystem::path& directory);

// `file` as seen from `root`, or, where it is not below that, as it is but for "." and "..".
std::string PathBelow(const std::filesystem::path& root, const std::string& file);

// All files of the result's stacks by PathBelow().
void NameFilesBelow(const std::filesystem::path& root, GateResult& result);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_GATE_CHECKOUT_PATHS_H_

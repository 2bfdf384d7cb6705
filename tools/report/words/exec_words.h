// SPDX-License-Identifier: Apache-2.0
//
// Sentences on programs that were executed and ran on untracked: what, why, and what to do.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_EXEC_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_EXEC_WORDS_H_

#include <string>

#include "libtrack/capture/capture.h"

namespace leaktrack {

// One word for machines: "preload_gone", "static" ...
const char* FateName(capture::ExecFate why);

// "after 40ms it became /srv/app, which ran untracked: ...; ..."; safe to print.
std::string ExecText(const capture::UntrackedExec& exec);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_EXEC_WORDS_H_

// SPDX-License-Identifier: Apache-2.0
//
// What to call a process among others of its program.
//
// Why: servers that fork (nginx, postgres, gunicorn ...) say what each process is by a title that
// they write over its arguments; the program alone names none of them. Names come from the program:
// they are made safe to print here.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_PROCESS_NAME_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_PROCESS_NAME_H_

#include <string>

#include "libtrack/capture/capture.h"

namespace leaktrack {

// "nginx: worker process", where there is such a title; else "nginx". Not empty.
std::string ProcessName(const capture::ProcessInfo& process);

// The command line or the title, without the empty room that a title leaves behind itself; the
// program where that is all.
std::string CommandText(const capture::ProcessInfo& process);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_PROCESS_NAME_H_

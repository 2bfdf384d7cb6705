// SPDX-License-Identifier: Apache-2.0
//
// Data packed as gzip does it. Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_ENCODE_GZIP_H_
#define LEAKTRACK_TOOLS_REPORT_ENCODE_GZIP_H_

#include <string>

namespace leaktrack {

// At the default level; empty if zlib has no memory.
std::string Gzip(const std::string& data);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_ENCODE_GZIP_H_

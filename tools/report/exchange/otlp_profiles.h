// SPDX-License-Identifier: Apache-2.0
//
// Profiles for OpenTelemetry: one ExportProfilesServiceRequest of
// opentelemetry.proto.profiles.v1development (release 1.11).
//
//   profiles    inuse_space/bytes, inuse_objects/count, alloc_space/bytes, growth/bytes (per hour);
//               the protocol has one value type each
//   resource    the attributes that are passed; service.name is among them
//   mapping     one for each program or library, with process.executable.build_id.gnu
//   sample      one for each distinct stack and pair of attributes verdict, trend; no timestamps
//
// Promises: sums as in the pprof report; no table has a duplicate or an orphan; index 0 of each is
// the zero value. The zero link is an empty message, because Parca refuses links of zero bytes.
#ifndef LEAKTRACK_TOOLS_REPORT_EXCHANGE_OTLP_PROFILES_H_
#define LEAKTRACK_TOOLS_REPORT_EXCHANGE_OTLP_PROFILES_H_

#include <cstddef>
#include <map>
#include <string>

#include "tools/report/input/report_input.h"

namespace leaktrack {

// `resource`: attributes of the process, such as service.name, service.version, k8s.pod.name.
std::string OtlpProfiles(const ReportInput& input,
                         const std::map<std::string, std::string>& resource, size_t top);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_EXCHANGE_OTLP_PROFILES_H_

// SPDX-License-Identifier: Apache-2.0
//
// What memory says about some blocks, as the value "memory" of groups and sites. Internal to
// tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_JSON_WITNESS_JSON_H_
#define LEAKTRACK_TOOLS_REPORT_JSON_WITNESS_JSON_H_

#include "tools/report/encode/json_values.h"
#include "tools/witness/witness.h"

namespace leaktrack {

Json HolderJson(const witness::Holder& holder);
Json MemoryJson(const witness::Evidence& memory);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_JSON_WITNESS_JSON_H_

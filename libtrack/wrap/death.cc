// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/death.h"

namespace leaktrack::track {

void SettleRemoved(const Removed& removed) { SettleRemovedInline(removed); }

void SettleFree(const void* block) { SettleFreeInline(block); }

}  // namespace leaktrack::track

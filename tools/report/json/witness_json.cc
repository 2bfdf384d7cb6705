// SPDX-License-Identifier: Apache-2.0
#include "tools/report/json/witness_json.h"

#include <utility>

#include "tools/base/safe_text.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {

Json HolderJson(const witness::Holder& holder) {
  return {{"kind", HolderKindName(holder.kind)},
          {"name", TextOrNull(SafeText(holder.name))},
          {"module", TextOrNull(SafeText(holder.module))},
          {"site", holder.site == 0 ? Json() : Json(holder.site)},
          {"share", holder.share}};
}

Json MemoryJson(const witness::Evidence& memory) {
  Json holders = Json::array();
  for (const witness::Holder& holder : memory.holders) holders.push_back(HolderJson(holder));
  return {{"verdict", MemoryVerdictName(memory.verdict)},
          {"examined", memory.examined},
          {"lost", memory.lost},
          {"undecided", memory.undecided},
          {"looks", memory.looks},
          {"seconds_ago", memory.seconds_ago},
          {"reason", TextOrNull(memory.reason)},
          {"definite", memory.definite},
          {"indirect", memory.indirect},
          {"possible", memory.possible},
          {"holders", std::move(holders)}};
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/evidence_sum.h"

#include <algorithm>
#include <cstdint>
#include <functional>

namespace leaktrack::witness {
namespace {

MemoryVerdict VerdictOf(const Evidence& memory) {
  constexpr double kNearlyAll = .9, kFew = .1;
  const auto examined = static_cast<double>(memory.examined);
  if (memory.lost != 0) {
    const bool nearly_all = static_cast<double>(memory.lost) >= kNearlyAll * examined;
    return nearly_all ? MemoryVerdict::kLost : MemoryVerdict::kMixed;
  }
  const bool few = static_cast<double>(memory.undecided) <= kFew * examined;
  return memory.examined != 0 && few ? MemoryVerdict::kHeld : MemoryVerdict::kUnknown;
}

}  // namespace

void EvidenceSum::Add(const Evidence& part) {
  for (const Holder& holder : part.holders) {
    const double blocks = holder.share * static_cast<double>(part.examined);
    const auto same = std::ranges::find_if(sum_.holders, [&](const Holder& one) {
      return one.kind == holder.kind && one.name == holder.name && one.module == holder.module &&
             one.site == holder.site;
    });
    if (same != sum_.holders.end()) {
      same->share += blocks;
    } else {
      sum_.holders.push_back(holder);
      sum_.holders.back().share = blocks;
    }
  }
  // The heads of most of what is lost only with them.
  if (part.definite == 0 && part.lost > sum_.lost) sum_.head_site = part.head_site;
  sum_.examined += part.examined;
  sum_.lost += part.lost;
  sum_.undecided += part.undecided;
  sum_.definite += part.definite;
  sum_.indirect += part.indirect;
  sum_.possible += part.possible;
  sum_.looks = std::max(sum_.looks, part.looks);
  sum_.seconds_ago = std::max(sum_.seconds_ago, part.seconds_ago);
  if (sum_.reason.empty()) sum_.reason = part.reason;
}

Evidence EvidenceSum::Total() const {
  Evidence total = sum_;
  total.verdict = VerdictOf(total);
  if (total.verdict != MemoryVerdict::kUnknown) total.reason.clear();
  if (total.definite != 0) total.head_site = 0;
  for (Holder& holder : total.holders)
    holder.share /= static_cast<double>(std::max<uint64_t>(total.examined, 1));
  std::ranges::stable_sort(total.holders, std::ranges::greater(), &Holder::share);
  return total;
}

}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/memory_verdicts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tools/analysis/blame/blame.h"
#include "tools/witness/evidence_sum.h"

namespace leaktrack {
namespace {

constexpr int kLooksToAgree = 2;
constexpr uint64_t kFewestLost = 4;     // blocks, or samples
constexpr double kMostlyLost = .5;      // of its blocks: the site loses what it makes
constexpr double kMuchLost = 64 << 10;  // bytes: it does not matter what share that is

class Applier {
 public:
  Applier(const witness::RunMemory& memory, double end_seconds, std::vector<SiteResult>& sites)
      : seconds_ago_(std::max(0.0, end_seconds - memory.at_seconds)), sites_(sites) {
    for (const witness::SiteMemory& site : memory.sites) by_number_[site.site] = &site;
    for (size_t i = 0; i < sites.size(); ++i) {
      for (const capture::SiteId number : sites[i].sites) place_[number] = i;
    }
    // Of a process that stood still one look is enough.
    certain_ = memory.moment != witness::LookMoment::kAlive || memory.looks >= kLooksToAgree;
  }

  void Apply() {
    std::vector<bool> loses(sites_.size());
    for (size_t i = 0; i < sites_.size(); ++i) loses[i] = TakeMemory(sites_[i]) && certain_;
    for (size_t i = 0; i < sites_.size(); ++i) {
      if (loses[i]) Accuse(loses, sites_[i]);
    }
  }

 private:
  // True: so much of it is lost that the site loses what it makes.
  bool TakeMemory(SiteResult& site) const {
    witness::EvidenceSum sum;
    double lost_bytes = 0;
    bool any = false;
    for (const capture::SiteId number : site.sites) {
      const auto found = by_number_.find(number);
      if (found == by_number_.end()) continue;
      sum.Add(found->second->memory);
      lost_bytes += found->second->lost_bytes;
      any = true;
    }
    if (!any) return false;
    site.memory = sum.Total();
    witness::Evidence& memory = *site.memory;
    memory.seconds_ago = seconds_ago_;
    for (witness::Holder& holder : memory.holders) {
      if (holder.site != 0) holder.name = NameOf(holder.site);
    }
    return memory.lost >= kFewestLost && (static_cast<double>(memory.lost) >=
                                              kMostlyLost * static_cast<double>(memory.examined) ||
                                          lost_bytes >= kMuchLost);
  }

  std::string NameOf(uint32_t number) const {
    const auto found = place_.find(number);
    if (found == place_.end() || sites_[found->second].stack.empty()) return "";
    const SiteResult& site = sites_[found->second];
    return DisplayName(site.stack[site.blame]);
  }

  // What is lost only with the objects that held it is told with those.
  void Accuse(const std::vector<bool>& loses, SiteResult& site) const {
    const auto head = place_.find(site.memory->head_site);
    if (site.memory->definite == 0 && head != place_.end() && loses[head->second]) {
      site.lost_with = NameOf(site.memory->head_site);
      return;
    }
    site.verdict = Verdict::kLeak;
    site.significant = true;
    site.leak_probability = 1;
    site.decided_by_seconds.reset();
    site.settle = {};
    site.lost = true;
  }

  const double seconds_ago_;
  std::vector<SiteResult>& sites_;
  bool certain_ = false;
  std::map<uint32_t, const witness::SiteMemory*> by_number_;
  std::map<uint32_t, size_t> place_;  // of a site's number in `sites_`
};

}  // namespace

void ApplyMemory(const witness::RunMemory& memory, double end_seconds,
                 std::vector<SiteResult>& sites) {
  if (memory.reason.empty()) Applier(memory, end_seconds, sites).Apply();
}

}  // namespace leaktrack

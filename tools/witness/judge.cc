// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/judge.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/witness/holders.h"

namespace leaktrack::witness {
namespace {

constexpr double kHour = 3600, kNinetyPercent = 1.645, kCertain = 4;
constexpr double kGrowthThatMatters = 64 << 10;
constexpr uint64_t kFewestMore = 16;
constexpr double kMostlyLost = .9, kFewUndecided = .1;
constexpr double kUndecidedShare = .01;

struct Tally {
  uint64_t objects = 0, bytes = 0;
  uint64_t examined = 0, examined_bytes = 0;
  uint64_t lost = 0, lost_bytes = 0, definite = 0, possible = 0;
  uint64_t undecided = 0, undecided_bytes = 0;  // reached by nothing now, but not certainly lost
  double gained = 0, squares = 0;               // bytes; of the sizes of what came and went
  int64_t more = 0;                             // blocks
  bool same_size = true;
  uint64_t block_bytes = 0;
  std::unordered_set<uint32_t> heads;
  std::unordered_map<uint32_t, uint64_t> classes_of_heads;  // blocks lost with heads of a class
};

class Judgement {
 public:
  Judgement(Memory& memory, const JudgeInput& input, Look& look)
      : memory_(memory),
        input_(input),
        reading_(input.reading),
        look_(look),
        tallies_(input.classes.all().size()),
        holders_(input.reading, input.classes, input.symbols) {}

  void Make() {
    if (input_.earlier != nullptr) contents_ = LostContents(memory_, reading_);
    size_t then = 0;
    for (uint32_t i = 0; i < reading_.heap.blocks.size(); ++i) {
      if (reading_.heap.blocks[i].freed) continue;
      TakeBlock(i, then);
    }
    if (input_.earlier != nullptr) TakeGone(then, ~uint64_t{0});
    for (const ArenaSums& arena : reading_.heap.arenas) {
      look_.in_use += arena.in_use;
      look_.free += arena.free + arena.cached;
    }
    MakeGroups();
    TakeGoroutines();
    Conclude();
  }

 private:
  // Blocks of the earlier reading up to this address that are there no more.
  void TakeGone(size_t& then, uint64_t until) {
    const Earlier& earlier = *input_.earlier;
    for (; then < earlier.addresses.size() && earlier.addresses[then] < until; ++then)
      Change(earlier.classes[then], -1, SizeOfGone(earlier.classes[then]));
  }

  // Sizes of the earlier reading were not kept: the class's own, else the mean of what is there.
  double SizeOfGone(uint32_t of_class) const {
    const Tally& tally = tallies_[of_class];
    if (input_.classes.all()[of_class].bytes != 0)
      return static_cast<double>(input_.classes.all()[of_class].bytes);
    return tally.objects == 0
               ? 0
               : static_cast<double>(tally.bytes) / static_cast<double>(tally.objects);
  }

  void Change(uint32_t of_class, int sign, double bytes) {
    Tally& tally = tallies_[of_class];
    tally.gained += sign * bytes;
    tally.squares += bytes * bytes;
    tally.more += sign;
  }

  void TakeBlock(uint32_t number, size_t& then) {
    const Block& block = reading_.heap.blocks[number];
    const uint32_t of_class = reading_.class_of[number];
    Tally& tally = tallies_[of_class];
    tally.same_size = tally.same_size && (tally.objects == 0 || tally.block_bytes == block.size);
    tally.block_bytes = block.size;
    ++tally.objects;
    tally.bytes += block.size;
    bool was_there = false, was_lost = false;
    if (input_.earlier != nullptr) {
      TakeGone(then, block.address);
      const Earlier& earlier = *input_.earlier;
      if (then < earlier.addresses.size() && earlier.addresses[then] == block.address) {
        was_there = earlier.classes[then] == of_class;
        was_lost = was_there && earlier.lost[then];
        if (!was_there) Change(earlier.classes[then], -1, SizeOfGone(earlier.classes[then]));
        ++then;
      }
      if (!was_there) Change(of_class, 1, static_cast<double>(block.size));
    }
    if (!was_there && input_.earlier != nullptr) return;  // too young
    ++tally.examined;
    tally.examined_bytes += block.size;
    if (reading_.reach.IsReached(number)) {
      if (reading_.reach.only_inside[number]) ++tally.possible;
      return holders_.Count(number);
    }
    TakeLost(
        number,
        input_.earlier == nullptr ? input_.stands_still : was_lost && IsUntouched(block.address),
        tally);
  }

  bool IsUntouched(uint64_t address) const {
    const auto before = input_.earlier->contents.find(address), now = contents_.find(address);
    return before == input_.earlier->contents.end() || now == contents_.end() ||
           before->second == now->second;
  }

  void TakeLost(uint32_t number, bool agreed, Tally& tally) {
    const uint64_t size = reading_.heap.blocks[number].size;
    if (!agreed) {
      ++tally.undecided;
      tally.undecided_bytes += size;
      return;
    }
    ++tally.lost;
    tally.lost_bytes += size;
    const uint32_t head = reading_.reach.head[number];
    if (head == number) ++tally.definite;
    ++tally.classes_of_heads[reading_.class_of[head]];
    if (tally.heads.size() <= reading_.hidden_registers) tally.heads.insert(head);
  }

  std::string WhyUndecided(const Tally& tally) const {
    if (!reading_.blindness.empty()) return reading_.blindness;
    if (input_.earlier == nullptr && !input_.stands_still)
      return "there was one look; it takes two";
    if (input_.earlier != nullptr && !input_.earlier->blindness.empty())
      return input_.earlier->blindness;
    if (tally.lost != 0 && tally.heads.size() <= reading_.hidden_registers)
      return "registers of its threads, which were not read, may hold them; --registers reads them";
    return "";
  }

  uint32_t HeadSiteOf(uint32_t of_class, const Tally& tally) const {
    const auto most =
        std::max_element(tally.classes_of_heads.begin(), tally.classes_of_heads.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == tally.classes_of_heads.end() || most->first == of_class || most->first == kNoClass)
      return 0;
    return input_.classes.all()[most->first].site;
  }

  Evidence EvidenceOf(uint32_t of_class, Tally& tally) {
    Evidence memory;
    memory.looks = look_.looks;
    memory.examined = tally.examined;
    memory.possible = tally.possible;
    std::string why = tally.lost + tally.undecided == 0 ? "" : WhyUndecided(tally);
    if (!why.empty()) {
      tally.undecided += std::exchange(tally.lost, 0);
      tally.undecided_bytes += std::exchange(tally.lost_bytes, 0);
    }
    memory.lost = tally.lost;
    memory.definite = tally.lost == 0 ? 0 : tally.definite;
    memory.indirect = tally.lost - memory.definite;
    memory.undecided = tally.undecided;
    if (memory.lost != 0) memory.head_site = HeadSiteOf(of_class, tally);
    memory.holders = holders_.Best(of_class, tally.examined);
    const double share = static_cast<double>(tally.lost) /
                         static_cast<double>(std::max<uint64_t>(tally.examined, 1));
    if (tally.examined == 0) {
      memory.verdict = MemoryVerdict::kUnknown;
      memory.reason = "its blocks came after the first look";
    } else if (tally.lost != 0) {
      memory.verdict = share >= kMostlyLost ? MemoryVerdict::kLost : MemoryVerdict::kMixed;
    } else if (static_cast<double>(tally.undecided) <=
               kFewUndecided * static_cast<double>(tally.examined)) {
      memory.verdict = MemoryVerdict::kHeld;
    } else {
      memory.verdict = MemoryVerdict::kUnknown;
      memory.reason = why.empty() ? "the two looks do not agree" : why;
    }
    return memory;
  }

  void MakeGroups() {
    for (uint32_t i = 0; i < tallies_.size(); ++i) {
      Tally& tally = tallies_[i];
      if (tally.objects == 0) continue;
      Group group;
      group.type = input_.classes.all()[i].type;
      group.site = input_.classes.all()[i].site;
      group.objects = tally.objects;
      group.bytes = tally.bytes;
      group.block_bytes = tally.same_size ? tally.block_bytes : tally.bytes / tally.objects;
      group.memory = EvidenceOf(i, tally);
      if (input_.earlier != nullptr && input_.seconds_between > 0) AddGrowth(tally, group);
      look_.lost += tally.lost_bytes;
      undecided_ += tally.undecided_bytes;
      look_.groups.push_back(std::move(group));
    }
    std::stable_sort(look_.groups.begin(), look_.groups.end(),
                     [](const Group& a, const Group& b) { return Weight(a) > Weight(b); });
  }

  // Lost ones first, then what grows, then what is large.
  static std::pair<double, double> Weight(const Group& group) {
    const double bytes = static_cast<double>(group.bytes);
    if (group.memory.lost != 0)
      return {3, bytes * static_cast<double>(group.memory.lost) /
                     static_cast<double>(group.memory.examined)};
    if (group.grows) return {2, group.growth->rate};
    return {1, bytes};
  }

  void AddGrowth(const Tally& tally, Group& group) const {
    const double per_hour = kHour / input_.seconds_between;
    const double error = std::sqrt(tally.squares);
    group.growth =
        Growth{tally.gained * per_hour, (tally.gained - kNinetyPercent * error) * per_hour,
               (tally.gained + kNinetyPercent * error) * per_hour};
    group.grows = tally.more >= static_cast<int64_t>(kFewestMore) &&
                  tally.gained > kCertain * error && tally.gained >= kGrowthThatMatters;
  }

  void TakeGoroutines() {
    const GoFacts& go = reading_.go;
    look_.is_go = !go.version.empty();
    look_.go_version = go.version;
    if (!go.problem.empty()) look_.doubts.push_back(go.problem);
    for (const auto& [places, count] : go.goroutines) {
      Goroutines one{places.first, places.second, count, std::nullopt};
      if (input_.earlier != nullptr && input_.seconds_between > 0) {
        const auto before = input_.earlier->go.goroutines.find(places);
        const uint64_t had = before == input_.earlier->go.goroutines.end() ? 0 : before->second;
        one.growth_per_hour = (static_cast<double>(count) - static_cast<double>(had)) * kHour /
                              input_.seconds_between;
        more_goroutines_ = more_goroutines_ || count >= had + kFewestMore;
      }
      look_.goroutines.push_back(std::move(one));
    }
    std::stable_sort(look_.goroutines.begin(), look_.goroutines.end(),
                     [](const Goroutines& a, const Goroutines& b) { return a.count > b.count; });
  }

  void Conclude() {
    const bool grows =
        more_goroutines_ || std::any_of(look_.groups.begin(), look_.groups.end(),
                                        [](const Group& group) { return group.grows; });
    const double share =
        static_cast<double>(undecided_) / static_cast<double>(std::max<uint64_t>(look_.in_use, 1));
    if (look_.lost != 0)
      look_.conclusion = Conclusion::kLeak;
    else if (grows)
      look_.conclusion = Conclusion::kGrows;
    else if (look_.allocator.empty() || share >= kUndecidedShare)
      look_.conclusion = Conclusion::kInconclusive;
    else
      look_.conclusion = Conclusion::kNothing;
  }

  Memory& memory_;
  const JudgeInput& input_;
  const Reading& reading_;
  Look& look_;
  std::vector<Tally> tallies_;
  Holders holders_;
  std::unordered_map<uint64_t, uint64_t> contents_;
  uint64_t undecided_ = 0;
  bool more_goroutines_ = false;
};

}  // namespace

void Judge(Memory& memory, const JudgeInput& input, Look& look) {
  Judgement(memory, input, look).Make();
}

}  // namespace leaktrack::witness

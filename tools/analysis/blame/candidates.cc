// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/candidates.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/parallel.h"

namespace leaktrack {
namespace {

// Frames of the same line read the same whatever their addresses; without a line the address is all
// there is.
std::string ReadsAs(const ResolvedFrame& frame) {
  if (!frame.function.empty() && frame.line != 0) {
    return absl::StrCat(frame.function, "\x1f", frame.file, "\x1f", frame.line, "\x1e");
  }
  return absl::StrCat(ModuleIdentity(frame), "\x1f", frame.offset, "\x1f", frame.function, "\x1e");
}

std::string FunctionOf(const ResolvedFrame& frame) {
  return frame.function.empty() ? absl::StrCat(ModuleIdentity(frame), "+", frame.offset)
                                : frame.function;
}

// Of each text its place in the order of all; equal texts have the same.
std::vector<uint32_t> PlacesOf(const std::vector<std::string>& texts) {
  std::vector<uint32_t> order(texts.size()), places(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return texts[a] < texts[b]; });
  for (size_t i = 1; i < order.size(); ++i)
    places[order[i]] = places[order[i - 1]] + (texts[order[i]] != texts[order[i - 1]]);
  return places;
}

template <typename Text>
std::vector<uint32_t> PlacesOf(const CallStack::Frames& frames, const Text& text) {
  std::vector<std::string> texts;
  texts.reserve(frames.size());
  for (const ResolvedFrame& frame : frames) texts.push_back(text(frame));
  return PlacesOf(texts);
}

void PrepareAll(const capture::Capture& capture,
                const std::map<capture::SiteId, SiteHistory>& histories, Symbolizer& symbolizer) {
  std::vector<capture::Frame> frames;
  for (const auto& [site, history] : histories) {
    const auto stack = capture.stacks.find(site);
    if (stack != capture.stacks.end()) {
      frames.insert(frames.end(), stack->second.frames.begin(), stack->second.frames.end());
    }
  }
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  symbolizer.Prepare(frames);
}

Live LiveAtTheEnd(const SiteHistory& history) {
  Live live;
  for (const WeightedBlock& block : history.survivors) {
    live.bytes += block.Bytes();
    live.objects += block.Objects();
    // Of sampling alone: where the file kept only a share of the survivors, the counters hold the
    // total.
    const double p = block.sampling_probability;
    live.variance += block.size * block.size * (1 - p) / (p * p) * (p / block.Probability());
    live.first_birth_ms = std::min(live.first_birth_ms, block.first_birth_ms);
  }
  if (history.kept_in_part) {
    live.bytes = std::max(history.net_bytes, 0.0);
    live.objects = std::max(history.net_objects, 0.0);
  }
  live.born_bytes = history.born_bytes;
  return live;
}

void Add(const Live& part, Live& sum) {
  sum.bytes += part.bytes;
  sum.variance += part.variance;
  sum.objects += part.objects;
  sum.first_birth_ms = std::min(sum.first_birth_ms, part.first_birth_ms);
  sum.born_bytes += part.born_bytes;
}

// Sites that read the same, as one.
Candidate Join(std::vector<Candidate> same) {
  if (same.size() == 1) return std::move(same.front());
  std::vector<const SiteHistory*> parts;
  Live live;
  for (const Candidate& part : same) {
    parts.push_back(&part.history);
    Add(part.live, live);
  }
  SiteHistory history = MergeHistories(parts);
  Candidate joined = std::move(same.front());
  joined.history = std::move(history);
  joined.live = live;
  return joined;
}

// A site before those that read the same are joined.
struct Named {
  Candidate candidate;
  SiteHistory* history = nullptr;
  std::vector<uint32_t> reading;  // kind, pool (the same call may serve several) and what the
                                  // frames read as: equal where all do
};

std::vector<Named> WithStacks(const capture::Capture& capture,
                              std::map<capture::SiteId, SiteHistory>& histories,
                              Symbolizer& symbolizer) {
  CallStackPool pool(symbolizer);
  std::vector<Named> sites;
  sites.reserve(histories.size());
  for (auto& [site, history] : histories) {
    Named& named = sites.emplace_back();
    named.history = &history;
    named.reading.push_back(static_cast<uint32_t>(history.kind));
    const auto stack = capture.stacks.find(site);
    if (stack == capture.stacks.end()) continue;
    named.candidate.stack = pool.Resolve(stack->second.frames);
    named.candidate.truncated = stack->second.truncated;
    named.reading.push_back(stack->second.pool);
  }
  const std::vector<uint32_t> readings = PlacesOf(pool.frames(), ReadsAs);
  const auto functions =
      std::make_shared<const std::vector<uint32_t>>(PlacesOf(pool.frames(), FunctionOf));
  for (Named& named : sites) {
    for (const uint32_t frame : named.candidate.stack.numbers())
      named.reading.push_back(readings[frame]);
    named.candidate.functions = functions;
  }
  return sites;
}

std::vector<Candidate> JoinEqual(std::vector<Named> sites) {
  std::stable_sort(sites.begin(), sites.end(),
                   [](const Named& a, const Named& b) { return a.reading < b.reading; });
  std::vector<Candidate> result;
  result.reserve(sites.size());
  for (size_t i = 0; i < sites.size();) {
    std::vector<Candidate> same;
    const size_t first = i;
    do same.push_back(std::move(sites[i++].candidate));
    while (i < sites.size() && sites[i].reading == sites[first].reading);
    result.push_back(Join(std::move(same)));
  }
  return result;
}

}  // namespace

std::vector<Candidate> NamedSites(const capture::Capture& capture,
                                  std::map<capture::SiteId, SiteHistory> histories,
                                  double judged_ms, const OwnCode& own, Symbolizer& symbolizer) {
  PrepareAll(capture, histories, symbolizer);
  std::vector<Named> sites = WithStacks(capture, histories, symbolizer);
  ParallelFor(sites.size(), [&](size_t i) {
    Candidate& candidate = sites[i].candidate;
    SiteHistory& history = *sites[i].history;
    candidate.blame = BlameIndex(candidate.stack, {}, own);
    candidate.live = LiveAtTheEnd(history);
    candidate.history = judged_ms < static_cast<double>(capture.duration_ms)
                            ? AsOf(history, judged_ms)
                            : std::move(history);
    history = {};
  });
  return JoinEqual(std::move(sites));
}

void AssignBlame(std::vector<Candidate>& candidates, const Window& window, const OwnCode& own,
                 const std::vector<std::string>& patterns) {
  std::vector<WrapperRules::Seen> stacks;
  for (const Candidate& candidate : candidates) {
    const SiteHistory& history = candidate.history;
    const bool keeps = std::ranges::any_of(history.survivors, [&](const WeightedBlock& block) {
      return block.birth_ms > window.warm_up_ms && block.birth_ms < window.end_ms * 7 / 8;
    });
    stacks.push_back({&candidate.stack, history.born_samples, keeps});
  }
  WrapperRules rules(patterns);
  rules.Learn(stacks, own);
  for (Candidate& candidate : candidates) candidate.blame = BlameIndex(candidate.stack, rules, own);
}

std::vector<uint32_t> SuffixKey(const Candidate& candidate, size_t depth) {
  if (candidate.stack.size() < candidate.blame + depth) return {};
  std::vector<uint32_t> key = {static_cast<uint32_t>(candidate.history.kind)};
  for (const uint32_t frame : candidate.stack.numbers().subspan(candidate.blame, depth))
    key.push_back((*candidate.functions)[frame]);
  return key;
}

Candidate Merge(const std::vector<const Candidate*>& members, size_t depth) {
  // Named after the heaviest: lines may differ between members, functions do not.
  const Candidate* heaviest = *std::max_element(
      members.begin(), members.end(),
      [](const auto* a, const auto* b) { return a->history.net_bytes < b->history.net_bytes; });
  Candidate sum;
  sum.stack = heaviest->stack.Inner(heaviest->blame + depth);
  sum.shared = sum.stack.size();
  sum.functions = heaviest->functions;
  sum.blame = heaviest->blame;
  sum.merged = true;
  std::vector<const SiteHistory*> parts;
  for (const Candidate* member : members) {
    parts.push_back(&member->history);
    sum.truncated |= member->truncated;
    Add(member->live, sum.live);
  }
  sum.history = MergeHistories(parts);
  return sum;
}

namespace {

constexpr double kOwnersShare = .9;    // of what grew
constexpr double kHealthyUse = .02;    // of what healthy users allocate, at most
constexpr double kHealthyBirths = .2;  // of all births: fewer prove nothing
constexpr double kContrast = 4;        // by which the owner keeps a larger share than healthy users

// What was made under each function, outside of the blamed one.
struct MadeUnder {
  double all = 0;
  std::map<uint32_t, double> by_function;

  void Take(const Candidate& candidate, double bytes) {
    all += bytes;
    std::set<uint32_t> seen;
    const size_t end = FramesOfTheProgram(candidate.stack, candidate.blame);
    for (size_t i = candidate.blame + 1; i < end; ++i) {
      const uint32_t function = (*candidate.functions)[candidate.stack.numbers()[i]];
      if (seen.insert(function).second) by_function[function] += bytes;
    }
  }
  double ShareOf(uint32_t function) const {
    const auto found = by_function.find(function);
    return found == by_function.end() || all <= 0 ? 0 : found->second / all;
  }
};

double KeptSince(const Candidate& candidate, double from_ms) {
  double bytes = 0;
  for (const WeightedBlock& block : candidate.history.survivors) {
    if (block.birth_ms >= from_ms) bytes += block.Bytes();
  }
  return bytes;
}

std::optional<size_t> OwnerIn(const Candidate& candidate, const MadeUnder& kept,
                              const MadeUnder& healthy) {
  const size_t end = FramesOfTheProgram(candidate.stack, candidate.blame);
  for (size_t i = candidate.blame + 1; i < end; ++i) {
    const uint32_t function = (*candidate.functions)[candidate.stack.numbers()[i]];
    if (RunsTheProgram(candidate.stack[i])) break;
    if (IsWrapper(candidate.stack[i])) continue;
    if (kept.ShareOf(function) >= kOwnersShare && healthy.ShareOf(function) <= kHealthyUse)
      return i;
  }
  return std::nullopt;
}

}  // namespace

void PointAtOwner(const std::vector<const Candidate*>& grown,
                  const std::vector<const Candidate*>& others, double from_ms, Candidate& sum) {
  MadeUnder kept, given_back;
  double born = 0, kept_by_others = 0;
  for (const Candidate* candidate : grown) {
    kept.Take(*candidate, KeptSince(*candidate, from_ms));
    born += candidate->live.born_bytes;
  }
  for (const Candidate* candidate : others) {
    given_back.Take(*candidate, candidate->live.born_bytes);
    kept_by_others += KeptSince(*candidate, from_ms);
  }
  if (born <= 0 || given_back.all < kHealthyBirths * (born + given_back.all)) return;
  if (kContrast * kept_by_others / given_back.all > kept.all / born) return;
  std::vector<const Candidate*> heaviest_first = grown;
  std::ranges::stable_sort(heaviest_first, [](const Candidate* a, const Candidate* b) {
    return a->history.net_bytes > b->history.net_bytes;
  });
  for (const Candidate* candidate : heaviest_first) {
    const std::optional<size_t> owner = OwnerIn(*candidate, kept, given_back);
    if (!owner) continue;
    const size_t shared = candidate->blame + (sum.shared - sum.blame);
    sum.stack = *owner < shared ? candidate->stack.Inner(shared)
                                : candidate->stack.InnerAnd(shared, *owner);
    sum.shared = shared;
    sum.blame = std::min(*owner, shared);
    return;
  }
}

}  // namespace leaktrack

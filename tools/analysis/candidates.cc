// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/candidates.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame.h"

namespace leaktrack {
namespace {

// Frames of the same line read the same whatever their addresses; without a line the address is all there is.
std::string ReadsAs(const ResolvedFrame& frame) {
  if (!frame.function.empty() && frame.line != 0) {
    return absl::StrCat(frame.function, "\x1f", frame.file, "\x1f", frame.line, "\x1e");
  }
  return absl::StrCat(frame.module, "\x1f", frame.offset, "\x1f", frame.function, "\x1e");
}

std::string FunctionOf(const ResolvedFrame& frame) {
  return frame.function.empty() ? absl::StrCat(frame.module, "+", frame.offset) : frame.function;
}

std::vector<ResolvedFrame> Resolve(const capture::StackInfo& stack, Symbolizer& symbolizer) {
  std::vector<ResolvedFrame> frames;
  for (const capture::Frame frame : stack.frames) {
    const std::vector<ResolvedFrame>& resolved = symbolizer.Resolve(frame);
    frames.insert(frames.end(), resolved.begin(), resolved.end());
  }
  return frames;
}

void PrepareAll(const capture::Capture& capture, const std::map<capture::SiteId, SiteHistory>& histories,
                Symbolizer& symbolizer) {
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
    // Of sampling alone: where the file kept only a share of the survivors, the counters hold the total.
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

}  // namespace

std::vector<Candidate> NamedSites(const capture::Capture& capture, std::map<capture::SiteId, SiteHistory> histories,
                                  double judged_ms, Symbolizer& symbolizer) {
  PrepareAll(capture, histories, symbolizer);
  std::map<std::string, std::vector<Candidate>> by_reading;
  for (auto& [site, history] : histories) {
    Candidate candidate;
    std::string key = absl::StrCat(static_cast<int>(history.kind), "\x1e");
    const auto stack = capture.stacks.find(site);
    if (stack != capture.stacks.end()) {
      candidate.stack = Resolve(stack->second, symbolizer);
      candidate.truncated = stack->second.truncated;
      absl::StrAppend(&key, stack->second.pool, "\x1e");  // the same call may serve several pools
    }
    candidate.blame = BlameIndex(candidate.stack);
    candidate.live = LiveAtTheEnd(history);
    candidate.history = judged_ms < static_cast<double>(capture.duration_ms) ? AsOf(history, judged_ms) : std::move(history);
    history = {};
    for (const ResolvedFrame& frame : candidate.stack) absl::StrAppend(&key, ReadsAs(frame));
    by_reading[key].push_back(std::move(candidate));
  }
  std::vector<Candidate> result;
  result.reserve(by_reading.size());
  for (auto& [key, same] : by_reading) result.push_back(Join(std::move(same)));
  return result;
}

void AssignBlame(std::vector<Candidate>& candidates, const Window& window, const std::vector<std::string>& patterns) {
  std::vector<WrapperRules::Seen> stacks;
  for (const Candidate& candidate : candidates) {
    const SiteHistory& history = candidate.history;
    const bool keeps = std::ranges::any_of(history.survivors, [&](const WeightedBlock& block) {
      return block.birth_ms > window.warm_up_ms && block.birth_ms < window.end_ms * 7 / 8;
    });
    stacks.push_back({&candidate.stack, history.born_samples, keeps});
  }
  WrapperRules rules(patterns);
  rules.Learn(stacks);
  for (Candidate& candidate : candidates) candidate.blame = BlameIndex(candidate.stack, rules);
}

std::string SuffixKey(const Candidate& candidate, size_t depth) {
  if (candidate.stack.size() < candidate.blame + depth) return "";
  std::string key = absl::StrCat(static_cast<int>(candidate.history.kind), "\x1e");
  for (size_t i = candidate.blame; i < candidate.blame + depth; ++i) {
    absl::StrAppend(&key, FunctionOf(candidate.stack[i]), "\x1e");
  }
  return key;
}

Candidate Merge(const std::vector<const Candidate*>& members, size_t depth) {
  // Named after the heaviest: lines may differ between members, functions do not.
  const Candidate* heaviest = *std::max_element(members.begin(), members.end(), [](const auto* a, const auto* b) {
    return a->history.net_bytes < b->history.net_bytes;
  });
  Candidate sum;
  sum.stack.assign(heaviest->stack.begin(), heaviest->stack.begin() + static_cast<ptrdiff_t>(heaviest->blame + depth));
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

}  // namespace leaktrack

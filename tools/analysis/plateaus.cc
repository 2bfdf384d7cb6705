// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/plateaus.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/wrapper_rules.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

constexpr char kHeading[] = "# leaktrack plateaus 1\n";
constexpr size_t kFramesOfKey = 5;
constexpr size_t kMostName = 120;
constexpr double kMinRunSeconds = 600;  // what stops within less was no plateau, only a pause
constexpr double kOddsOfPlateau = 1.0 / 20, kMostBelowPlateau = .79;
constexpr double kMinBytes = 64 << 10;
constexpr double kMostBytes = 1e18, kMostSeconds = 1e10;

uint64_t Fnv(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ 0x1f) * 0x100000001b3;
}

bool IsBuildId(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

// One line each; whatever the name held, it holds no line break now.
std::string NameOf(const SiteResult& site) {
  const ResolvedFrame& frame = site.stack[site.blame];
  return ShortenMiddle(SafeText(std::string(QualifiedName(frame.function))), kMostName);
}

// Growth that has ended: taken back, or seen to have filled up in a run that was long enough.
bool Ended(const SiteResult& site, double run_seconds, double* bytes, double* seconds) {
  if (site.state == State::kRetracted && site.plateau) {
    *bytes = site.plateau->bytes;
    *seconds = site.plateau->after_seconds;
    return true;
  }
  *bytes = site.live_bytes;
  *seconds = run_seconds;
  return site.trend == Trend::kPlateau && site.verdict == Verdict::kNone &&
         run_seconds >= kMinRunSeconds;
}

}  // namespace

bool PlateauBook::KeyOf(const SiteResult& site, Key* key) {
  if (site.stack.empty() || site.stack[site.blame].build_id.empty()) return false;
  uint64_t hash = 0xcbf29ce484222325;
  const size_t end = std::min(site.stack.size(), site.blame + kFramesOfKey);
  for (size_t i = site.blame; i < end; ++i) {
    const ResolvedFrame& frame = site.stack[i];
    hash = Fnv(hash, frame.function.empty() ? FunctionKey(frame) : frame.function);
  }
  *key = {site.stack[site.blame].build_id, hash};
  return true;
}

void PlateauBook::Enter(const Key& key, const RememberedPlateau& plateau) {
  const auto [place, is_new] = plateaus_.emplace(key, plateau);
  if (is_new) return;
  RememberedPlateau& known = place->second;
  known.bytes = std::max(known.bytes, plateau.bytes);
  known.seconds = std::max(known.seconds, plateau.seconds);
  known.last_seen = std::max(known.last_seen, plateau.last_seen);
}

void PlateauBook::Forget() {
  while (plateaus_.size() > kMostPlateaus) {
    plateaus_.erase(std::min_element(
        plateaus_.begin(), plateaus_.end(),
        [](const auto& a, const auto& b) { return a.second.last_seen < b.second.last_seen; }));
  }
}

PlateauBook PlateauBook::Parse(std::string_view text) {
  PlateauBook book;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(' ', 5));
    Key key;
    RememberedPlateau plateau;
    if (fields.size() != 6 || !IsBuildId(std::string_view(fields[0].data(), fields[0].size())))
      continue;
    const bool read = absl::SimpleHexAtoi(fields[1], &key.second) &&
                      absl::SimpleAtod(fields[2], &plateau.bytes) &&
                      absl::SimpleAtod(fields[3], &plateau.seconds) &&
                      absl::SimpleAtoi(fields[4], &plateau.last_seen);
    if (!read || !(plateau.bytes > 0 && plateau.bytes < kMostBytes)) continue;
    if (!(plateau.seconds >= 0 && plateau.seconds < kMostSeconds)) continue;
    key.first = std::string(fields[0]);
    plateau.name = SafeText(std::string(fields[5].substr(0, kMostName)));
    book.Enter(key, plateau);
    book.Forget();
  }
  return book;
}

std::string PlateauBook::Text() const {
  std::string text = kHeading;
  for (const auto& [key, plateau] : plateaus_) {
    absl::StrAppendFormat(&text, "%s %016x %.0f %.0f %d %s\n", key.first, key.second, plateau.bytes,
                          plateau.seconds, plateau.last_seen, plateau.name);
  }
  return text;
}

void PlateauBook::Merge(const PlateauBook& other) {
  for (const auto& [key, plateau] : other.plateaus_) Enter(key, plateau);
  Forget();
}

size_t PlateauBook::Learn(const Analysis& analysis, int64_t now) {
  size_t learned = 0;
  for (const SiteResult& site : analysis.sites) {
    Key key;
    RememberedPlateau plateau;
    if (!Ended(site, analysis.judged_seconds, &plateau.bytes, &plateau.seconds) ||
        plateau.bytes < kMinBytes)
      continue;
    if (!KeyOf(site, &key)) continue;
    plateau.last_seen = now;
    plateau.name = NameOf(site);
    Enter(key, plateau);
    ++learned;
  }
  Forget();
  return learned;
}

const RememberedPlateau* PlateauBook::Find(const SiteResult& site) const {
  Key key;
  if (!KeyOf(site, &key)) return nullptr;
  const auto found = plateaus_.find(key);
  return found == plateaus_.end() ? nullptr : &found->second;
}

namespace {

// What has stopped at a higher level before will most probably do so again.
double ProbabilityBelowPlateau(double probability) {
  const double odds = kOddsOfPlateau * probability / std::max(1 - probability, 1e-9);
  return std::min(odds / (1 + odds), kMostBelowPlateau);
}

}  // namespace

void HoldAtPlateaus(const PlateauBook& book, std::vector<SiteResult>& sites) {
  for (SiteResult& site : sites) {
    if (!site.significant) continue;
    const RememberedPlateau* plateau = book.Find(site);
    if (plateau == nullptr || site.live_bytes > plateau->bytes) continue;
    site.verdict = Verdict::kWatch;
    site.significant = false;  // its growth is known to end
    if (site.leak_probability)
      site.leak_probability = ProbabilityBelowPlateau(*site.leak_probability);
    site.decided_by_seconds.reset();
    site.state = State::kNew;
    site.evidence.earlier_run = Plateau{plateau->bytes, plateau->seconds};
    site.settle = {Settles::kAboveBytes, 0, plateau->bytes};
  }
}

}  // namespace leaktrack

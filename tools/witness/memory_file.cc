// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory_file.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tools/base/input_file.h"
#include "tools/base/replace_file.h"

namespace leaktrack::witness {
namespace {

using Json = nlohmann::json;

constexpr int kSchema = 1;
constexpr size_t kMostHolders = 8;

// By their numbers in the file: add, never renumber.
constexpr LookMoment kMoments[] = {LookMoment::kAlive, LookMoment::kExit, LookMoment::kCheck};
constexpr MemoryVerdict kVerdicts[] = {MemoryVerdict::kUnknown, MemoryVerdict::kHeld,
                                       MemoryVerdict::kMixed, MemoryVerdict::kLost};
constexpr HolderKind kHolderKinds[] = {
    HolderKind::kGlobal,  HolderKind::kThreadLocal, HolderKind::kStack,  HolderKind::kHeap,
    HolderKind::kMapping, HolderKind::kKernel,      HolderKind::kItself, HolderKind::kUnknown};

template <typename Enum, size_t kCount>
Enum EnumAt(const Enum (&all)[kCount], uint64_t number) {
  return all[std::min<uint64_t>(number, kCount - 1)];
}

template <typename Enum, size_t kCount>
uint64_t NumberOf(const Enum (&all)[kCount], Enum value) {
  return static_cast<uint64_t>(std::find(std::begin(all), std::end(all), value) - std::begin(all));
}

// Members of hostile objects: what is missing or of another kind is zero or empty.
uint64_t Number(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

double Amount(const Json& json, const char* name) {
  const auto found = json.find(name);
  const double amount = found != json.end() && found->is_number() ? found->get<double>() : 0;
  return std::isfinite(amount) ? std::max(0.0, amount) : 0;
}

std::string Words(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& List(const Json& json, const char* name) {
  static const Json kNone = Json::array();
  const auto found = json.find(name);
  return found != json.end() && found->is_array() ? *found : kNone;
}

Json HolderJson(const Holder& holder) {
  return {{"kind", NumberOf(kHolderKinds, holder.kind)},
          {"name", holder.name},
          {"module", holder.module},
          {"site", holder.site},
          {"share", holder.share}};
}

Holder HolderFrom(const Json& json) {
  Holder holder;
  holder.kind = EnumAt(kHolderKinds, Number(json, "kind"));
  holder.name = Words(json, "name");
  holder.module = Words(json, "module");
  holder.site = static_cast<uint32_t>(Number(json, "site"));
  holder.share = std::min(1.0, Amount(json, "share"));
  return holder;
}

Json SiteJson(const SiteMemory& site) {
  const Evidence& memory = site.memory;
  Json holders = Json::array();
  for (const Holder& holder : memory.holders) holders.push_back(HolderJson(holder));
  return {{"site", site.site},
          {"objects", site.objects},
          {"bytes", site.bytes},
          {"lost_objects", site.lost_objects},
          {"lost_bytes", site.lost_bytes},
          {"verdict", NumberOf(kVerdicts, memory.verdict)},
          {"examined", memory.examined},
          {"lost", memory.lost},
          {"undecided", memory.undecided},
          {"definite", memory.definite},
          {"indirect", memory.indirect},
          {"possible", memory.possible},
          {"head_site", memory.head_site},
          {"reason", memory.reason},
          {"holders", std::move(holders)}};
}

SiteMemory SiteFrom(const Json& json) {
  SiteMemory site;
  site.site = static_cast<uint32_t>(Number(json, "site"));
  site.objects = Amount(json, "objects");
  site.bytes = Amount(json, "bytes");
  site.lost_objects = Amount(json, "lost_objects");
  site.lost_bytes = Amount(json, "lost_bytes");
  Evidence& memory = site.memory;
  memory.verdict = EnumAt(kVerdicts, Number(json, "verdict"));
  memory.examined = Number(json, "examined");
  memory.lost = std::min(memory.examined, Number(json, "lost"));
  memory.undecided = Number(json, "undecided");
  memory.definite = Number(json, "definite");
  memory.indirect = Number(json, "indirect");
  memory.possible = Number(json, "possible");
  memory.head_site = static_cast<uint32_t>(Number(json, "head_site"));
  memory.reason = Words(json, "reason");
  for (const Json& holder : List(json, "holders")) {
    if (holder.is_object() && memory.holders.size() < kMostHolders)
      memory.holders.push_back(HolderFrom(holder));
  }
  return site;
}

void TakeLost(const Json& json, RunMemory& memory) {
  for (const Json& block : List(json, "lost")) {
    if (!block.is_object()) continue;
    memory.lost.push_back({static_cast<uint32_t>(Number(block, "site")), Amount(block, "objects"),
                           Amount(block, "bytes")});
  }
  const Json& holds = List(json, "holds");
  for (size_t i = 0; i + 1 < holds.size(); i += 2) {
    if (!holds[i].is_number_unsigned() || !holds[i + 1].is_number_unsigned()) continue;
    const auto from = holds[i].get<uint64_t>(), to = holds[i + 1].get<uint64_t>();
    if (from < memory.lost.size() && to < memory.lost.size())
      memory.holds.emplace_back(static_cast<uint32_t>(from), static_cast<uint32_t>(to));
  }
}

}  // namespace

std::string MemoryPathOf(const std::string& capture_path) {
  return absl::StrCat(capture_path, ".memory");
}

std::string MemoryText(const RunMemory& memory) {
  Json sites = Json::array(), lost = Json::array(), holds = Json::array();
  for (const SiteMemory& site : memory.sites) sites.push_back(SiteJson(site));
  for (const LostBlock& block : memory.lost)
    lost.push_back({{"site", block.site}, {"objects", block.objects}, {"bytes", block.bytes}});
  for (const auto& [from, to] : memory.holds) {
    holds.push_back(from);
    holds.push_back(to);
  }
  const Json json = {{"schema", kSchema},
                     {"run_id", memory.run_id},
                     {"moment", NumberOf(kMoments, memory.moment)},
                     {"looks", memory.looks},
                     {"at_seconds", memory.at_seconds},
                     {"reason", memory.reason},
                     {"sites", std::move(sites)},
                     {"lost", std::move(lost)},
                     {"holds", std::move(holds)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<RunMemory> ParseMemory(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || Number(json, "schema") != kSchema) return std::nullopt;
  RunMemory memory;
  memory.run_id = Number(json, "run_id");
  memory.moment = EnumAt(kMoments, Number(json, "moment"));
  memory.looks = static_cast<int>(std::min<uint64_t>(Number(json, "looks"), 1 << 30));
  memory.at_seconds = Amount(json, "at_seconds");
  memory.reason = Words(json, "reason");
  for (const Json& site : List(json, "sites")) {
    if (!site.is_object()) continue;
    memory.sites.push_back(SiteFrom(site));
    memory.sites.back().memory.looks = memory.looks;
  }
  TakeLost(json, memory);
  return memory;
}

absl::Status WriteMemoryFile(const std::string& capture_path, const RunMemory& memory) {
  return ReplaceFile(MemoryPathOf(capture_path), "", MemoryText(memory));
}

std::optional<RunMemory> ReadMemoryFile(const std::string& capture_path, uint64_t run_id) {
  const absl::StatusOr<std::string> text = ReadText(MemoryPathOf(capture_path));
  if (!text.ok()) return std::nullopt;
  std::optional<RunMemory> memory = ParseMemory(*text);
  if (!memory || memory->run_id != run_id) return std::nullopt;
  return memory;
}

}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/seal.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace leaktrack {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

// The member of this name if it has this type, else an empty one.
std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t Number(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

bool Flag(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const Json& List(const Json& object, const char* name) {
  static const Json kNone = Json::array();
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : kNone;
}

Json FrameJson(capture::Frame frame, const std::vector<ResolvedFrame>& functions) {
  Json list = Json::array();
  for (const ResolvedFrame& one : functions) {
    Json function = {{"function", one.function}};
    if (!one.file.empty()) function["file"] = one.file;
    if (one.line != 0) function["line"] = one.line;
    if (one.inlined) function["inlined"] = true;
    list.push_back(std::move(function));
  }
  return {{"frame", frame}, {"functions", std::move(list)}};
}

using Modules = std::unordered_map<uint32_t, const capture::ModuleInfo*>;

std::vector<ResolvedFrame> ReadFunctions(const Json& json, capture::Frame frame,
                                         const Modules& modules) {
  const auto module = modules.find(capture::FrameModule(frame));
  std::vector<ResolvedFrame> functions;
  for (const Json& one : List(json, "functions")) {
    if (!one.is_object()) continue;
    ResolvedFrame function;
    function.function = Text(one, "function");
    function.file = Text(one, "file");
    function.line = static_cast<uint32_t>(std::min<uint64_t>(Number(one, "line"), UINT32_MAX));
    function.inlined = Flag(one, "inlined");
    function.offset = capture::FrameAddress(frame);
    if (module != modules.end()) {
      function.module = module->second->path;
      function.build_id = module->second->build_id;
    }
    functions.push_back(std::move(function));
  }
  return functions;
}

SourceExcerpt ReadExcerpt(const Json& json) {
  SourceExcerpt excerpt;
  excerpt.first_line =
      static_cast<uint32_t>(std::min<uint64_t>(Number(json, "first_line"), UINT32_MAX));
  excerpt.newer_than_program = Flag(json, "newer");
  for (const Json& line : List(json, "lines")) {
    if (line.is_string()) excerpt.lines.push_back(PrintableSource(line.get<std::string>()));
  }
  return excerpt;
}

class SealedSymbolizer : public Symbolizer {
 public:
  SealedSymbolizer(Seal seal, std::unique_ptr<Symbolizer> files)
      : seal_(std::move(seal)), files_(std::move(files)) {}

  void Prepare(std::span<const capture::Frame> frames) override {
    std::vector<capture::Frame> open;
    for (const capture::Frame frame : frames) {
      if (!seal_.frames.contains(frame)) open.push_back(frame);
    }
    if (!open.empty()) files_->Prepare(open);
  }

  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    const auto sealed = seal_.frames.find(frame);
    return sealed == seal_.frames.end() ? files_->Resolve(frame) : sealed->second;
  }

  std::vector<MissingSymbols> missing() const override {
    std::vector<MissingSymbols> all = files_->missing();
    for (const MissingSymbols& one : seal_.missing) {
      const bool told = std::ranges::any_of(all, [&](const MissingSymbols& other) {
        return other.module == one.module && other.build_id == one.build_id;
      });
      if (!told) all.push_back(one);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(a.module, a.build_id) < std::tie(b.module, b.build_id);
    });
    return all;
  }

 private:
  Seal seal_;
  std::unique_ptr<Symbolizer> files_;
};

}  // namespace

std::string WriteSeal(const Seal& seal) {
  Json frames = Json::array(), missing = Json::array(), sources = Json::object();
  std::vector<capture::Frame> order;
  for (const auto& [frame, functions] : seal.frames) order.push_back(frame);
  std::sort(order.begin(), order.end());  // the same capture and binaries, the same seal
  for (const capture::Frame frame : order)
    frames.push_back(FrameJson(frame, seal.frames.at(frame)));
  for (const MissingSymbols& one : seal.missing) {
    missing.push_back({{"module", one.module},
                       {"build_id", one.build_id},
                       {"reason", one.Why()},
                       {"hint", one.hint}});
  }
  for (const auto& [place, excerpt] : seal.sources) {
    sources[place] = {{"first_line", excerpt.first_line},
                      {"newer", excerpt.newer_than_program},
                      {"lines", excerpt.lines}};
  }
  const Json json = {{"seal", kVersion},
                     {"made_at", seal.made_at},
                     {"frames", std::move(frames)},
                     {"missing", std::move(missing)},
                     {"sources", std::move(sources)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Seal> ReadSeal(const std::string& text,
                             std::span<const capture::ModuleInfo> modules) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || Number(json, "seal") != kVersion) return std::nullopt;
  Modules by_number;
  for (const capture::ModuleInfo& module : modules) by_number[module.number] = &module;
  Seal seal;
  seal.made_at = static_cast<int64_t>(std::min<uint64_t>(Number(json, "made_at"), INT64_MAX));
  for (const Json& one : List(json, "frames")) {
    if (!one.is_object()) continue;
    const capture::Frame frame = Number(one, "frame");
    std::vector<ResolvedFrame> functions = ReadFunctions(one, frame, by_number);
    if (!functions.empty()) seal.frames.emplace(frame, std::move(functions));
  }
  for (const Json& one : List(json, "missing")) {
    if (one.is_object())
      seal.missing.push_back(
          {Text(one, "module"), Text(one, "build_id"), Text(one, "reason"), Text(one, "hint"), ""});
  }
  const auto sources = json.find("sources");
  if (sources != json.end() && sources->is_object()) {
    for (const auto& [place, excerpt] : sources->items()) {
      if (excerpt.is_object()) seal.sources.emplace(place, ReadExcerpt(excerpt));
    }
  }
  return seal;
}

std::unique_ptr<Symbolizer> NewSealedSymbolizer(Seal seal, std::unique_ptr<Symbolizer> files) {
  return std::make_unique<SealedSymbolizer>(std::move(seal), std::move(files));
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tools/base/safe_text.h"
#include "tools/symbolize/demangle.h"
#include "tools/symbolize/dwarf_resolver.h"
#include "tools/symbolize/module_files.h"
#include "tools/symbolize/symbol_table.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {
namespace {

std::string Hint(const std::string& build_id) {
  std::string text = "install the package's -dbgsym package (Debian)";
  if (!build_id.empty()) text += ", or run 'debuginfod-find debuginfo " + build_id + "'";
  return text + ", or name a directory with the file by --debug-dir";
}

// What one file can say about some of its addresses.
class ModuleResolver {
 public:
  ModuleResolver(const capture::ModuleInfo& module, const SymbolizerOptions& options)
      : module_(module) {
    // "[vdso]" and the like are no files.
    if (module.path.starts_with("/") || !module.build_id.empty())
      files_ = FindModuleFiles(module, options);
  }

  // `addresses` ascending.
  std::vector<std::vector<ResolvedFrame>> Resolve(std::span<const uint64_t> addresses) {
    DwarfAnswers answers;
    if (files_.dwarf() != nullptr) {
      const ElfFile& mapped = files_.main != nullptr ? *files_.main : *files_.dwarf();
      answers = ResolveWithDwarf(*files_.dwarf(), mapped.lowest_code(), addresses);
      damage_ = answers.problem;
    } else {
      answers.frames.resize(addresses.size());
    }
    TakeSymbolNames(addresses, &answers);
    std::vector<std::vector<ResolvedFrame>> resolved;
    for (size_t i = 0; i < addresses.size(); ++i)
      resolved.push_back(Finish(addresses[i], answers.frames[i]));
    return resolved;
  }

  // What is missing, or an empty reason.
  MissingSymbols Missing() const {
    std::string reason;
    if (files_.main == nullptr && files_.debug == nullptr) {
      reason = files_.problem.empty() ? "not a file" : files_.problem;
    } else if (files_.dwarf() == nullptr) {
      const bool any_names = any_symbol_ || files_.debug != nullptr;
      reason =
          any_names ? "stripped: no line numbers" : "stripped: no function names, no line numbers";
    } else if (!damage_.empty()) {
      reason = damage_;
    } else if (files_.main != nullptr) {
      reason = files_.problem;
    }
    const bool can_be_helped = files_.dwarf() == nullptr && module_.path.starts_with("/");
    return {module_.path, module_.build_id, reason, can_be_helped ? Hint(module_.build_id) : "",
            files_.fetch_problem};
  }

 private:
  // The symbol table completes what DWARF left open: no function at all, or C++ without a linkage
  // name.
  void TakeSymbolNames(std::span<const uint64_t> addresses, DwarfAnswers* answers) {
    std::vector<uint64_t> open;
    std::vector<size_t> indices;
    for (size_t i = 0; i < addresses.size(); ++i) {
      const std::vector<DwarfFrame>& frames = answers->frames[i];
      const bool complete = !frames.empty() && !frames.back().function.empty() &&
                            (frames.back().is_linkage || frames.back().is_plain_c);
      if (complete) continue;
      open.push_back(addresses[i]);
      indices.push_back(i);
    }
    std::vector<const ElfFile*> files;
    for (const ElfFile* file : {files_.debug.get(), files_.main.get()}) {
      if (file != nullptr) files.push_back(file);
    }
    const std::vector<std::string> names = LookUpSymbols(files, open);
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i].empty()) continue;
      any_symbol_ = true;
      std::vector<DwarfFrame>& frames = answers->frames[indices[i]];
      if (frames.empty()) frames.emplace_back();
      frames.back().function = NameOfSymbol(names[i], /*in_dwarf=*/!frames.back().function.empty());
    }
  }

  // A clone ("_Z5Parsev.constprop.0") that DWARF knows has its function's name: builds are compared
  // by name. Only mangled names have such suffixes for certain: "_GLOBAL__sub_I_main.cc" is whole.
  static std::string NameOfSymbol(const std::string& symbol, bool in_dwarf) {
    const bool mangled = symbol.starts_with("_Z") || symbol.starts_with("_R");
    return in_dwarf && mangled ? symbol.substr(0, symbol.find('.')) : symbol;
  }

  std::vector<ResolvedFrame> Finish(uint64_t address, std::vector<DwarfFrame>& frames) const {
    if (frames.empty()) frames.emplace_back();
    std::vector<ResolvedFrame> resolved;
    resolved.reserve(frames.size());
    for (DwarfFrame& frame : frames) {
      resolved.push_back({.function = Demangle(frame.function),
                          .file = std::move(frame.file),
                          .line = frame.line,
                          .module = module_.path,
                          .build_id = module_.build_id,
                          .offset = address,
                          .inlined = &frame != &frames.back()});
    }
    return resolved;
  }

  const capture::ModuleInfo& module_;
  ModuleFiles files_;
  std::string damage_;
  bool any_symbol_ = false;
};

class ElfSymbolizer final : public Symbolizer {
 public:
  ElfSymbolizer(std::span<const capture::ModuleInfo> modules, SymbolizerOptions options)
      : options_(std::move(options)) {
    for (const capture::ModuleInfo& module : modules) modules_.emplace(module.number, module);
  }

  void Prepare(std::span<const capture::Frame> frames) override {
    // By file, not by number: a module that was unloaded and came back has several numbers, and one
    // file.
    using FileKey = std::pair<std::string, std::string>;
    std::map<FileKey, std::map<uint64_t, std::vector<capture::Frame>>> wanted;
    std::map<FileKey, const capture::ModuleInfo*> module_of;
    for (const capture::Frame frame : std::set<capture::Frame>(frames.begin(), frames.end())) {
      if (cache_.contains(frame)) continue;
      const auto module = modules_.find(capture::FrameModule(frame));
      if (capture::FrameModule(frame) == capture::kUnknownModule || module == modules_.end()) {
        cache_[frame] = {ResolvedFrame{.offset = capture::FrameAddress(frame)}};
        continue;
      }
      const FileKey key(module->second.path, module->second.build_id);
      module_of.emplace(key, &module->second);
      wanted[key][capture::FrameAddress(frame)].push_back(frame);
    }
    // Each file is closed before the next is opened, so that memory is that of the largest, not of
    // their sum.
    for (const auto& [key, frames_of] : wanted) ResolveModule(*module_of[key], frames_of);
  }

  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    const auto known = cache_.find(frame);
    if (known != cache_.end()) return known->second;
    Prepare({&frame, 1});
    return cache_[frame];
  }

  std::vector<MissingSymbols> missing() const override {
    std::vector<MissingSymbols> list;
    for (const auto& [key, missing] : missing_) list.push_back(missing);
    return list;
  }

 private:
  void ResolveModule(const capture::ModuleInfo& module,
                     const std::map<uint64_t, std::vector<capture::Frame>>& frames_of) {
    std::vector<uint64_t> addresses;
    addresses.reserve(frames_of.size());
    for (const auto& [address, frames] : frames_of) addresses.push_back(address);
    ModuleResolver resolver(module, options_);
    std::vector<std::vector<ResolvedFrame>> resolved = resolver.Resolve(addresses);
    size_t index = 0;
    for (const auto& [address, frames] : frames_of) {
      for (const capture::Frame frame : frames) cache_[frame] = resolved[index];
      ++index;
    }
    MissingSymbols missing = resolver.Missing();
    if (!missing.reason.empty())
      missing_.insert_or_assign({module.path, module.build_id}, std::move(missing));
  }

  const SymbolizerOptions options_;
  std::unordered_map<uint32_t, capture::ModuleInfo> modules_;
  std::unordered_map<capture::Frame, std::vector<ResolvedFrame>>
      cache_;  // node-based: references stay valid
  std::map<std::pair<std::string, std::string>, MissingSymbols> missing_;
};

}  // namespace

std::unique_ptr<Symbolizer> NewElfSymbolizer(std::span<const capture::ModuleInfo> modules,
                                             SymbolizerOptions options) {
  return std::make_unique<ElfSymbolizer>(modules, std::move(options));
}

std::string DisplayName(const ResolvedFrame& frame) {
  if (!frame.function.empty()) return SafeText(frame.function);
  char offset[32];
  std::snprintf(offset, sizeof offset, "0x%" PRIx64, frame.offset);
  if (frame.module.empty()) return offset;
  return SafeText(frame.module.substr(frame.module.rfind('/') + 1)) + "+" + offset;
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/cached_symbolizer.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

namespace leaktrack {
namespace {

class CachedSymbolizer : public Symbolizer {
 public:
  CachedSymbolizer(std::span<const capture::ModuleInfo> modules, SymbolizerOptions options,
                   FrameCache* cache)
      : modules_(modules), options_(std::move(options)), cache_(cache) {
    cache_->Trim();
    for (const capture::ModuleInfo& module : modules_) {
      if (!module.build_id.empty())
        cached_[module.number].module = &cache_->Of(module.path, module.build_id);
    }
  }

  ~CachedSymbolizer() override { KeepMissing(); }

  void Prepare(std::span<const capture::Frame> frames) override {
    std::vector<capture::Frame> open;
    for (const capture::Frame frame : frames) {
      if (Known(frame) == nullptr) open.push_back(frame);
    }
    if (!open.empty()) Files().Prepare(open);
  }

  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    const auto cached = cached_.find(capture::FrameModule(frame));
    if (cached == cached_.end()) return Files().Resolve(frame);
    cached->second.used = true;
    if (const std::vector<ResolvedFrame>* known = Known(frame)) return *known;
    cache_->Count(1);
    return cached->second.module->frames
        .emplace(capture::FrameAddress(frame), Files().Resolve(frame))
        .first->second;
  }

  std::vector<MissingSymbols> missing() const override {
    KeepMissing();
    std::vector<MissingSymbols> all;
    if (files_ != nullptr) {
      for (const MissingSymbols& one : files_->missing()) {
        if (one.build_id.empty()) all.push_back(one);  // the others are kept by now
      }
    }
    for (const auto& [number, cached] : cached_) {
      const MissingSymbols& one = cached.module->missing;
      if (cached.used && !one.reason.empty() && std::find(all.begin(), all.end(), one) == all.end())
        all.push_back(one);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(a.module, a.build_id) < std::tie(b.module, b.build_id);
    });
    return all;
  }

 private:
  struct Cached {
    FrameCache::Module* module = nullptr;
    bool used = false;  // by a frame of this capture
  };

  const std::vector<ResolvedFrame>* Known(capture::Frame frame) const {
    const auto cached = cached_.find(capture::FrameModule(frame));
    if (cached == cached_.end()) return nullptr;
    const auto& frames = cached->second.module->frames;
    const auto found = frames.find(capture::FrameAddress(frame));
    return found == frames.end() ? nullptr : &found->second;
  }

  // The files are read once; what they lacked is to be told of every capture.
  void KeepMissing() const {
    if (files_ == nullptr) return;
    for (const MissingSymbols& one : files_->missing()) {
      if (!one.build_id.empty()) cache_->Of(one.module, one.build_id).missing = one;
    }
  }

  Symbolizer& Files() {
    if (files_ == nullptr) files_ = NewElfSymbolizer(modules_, options_);
    return *files_;
  }

  std::span<const capture::ModuleInfo> modules_;
  SymbolizerOptions options_;
  FrameCache* cache_;
  std::map<uint32_t, Cached> cached_;  // by module number
  std::unique_ptr<Symbolizer> files_;
};

}  // namespace

FrameCache::Module& FrameCache::Of(const std::string& path, const std::string& build_id) {
  const auto [found, is_new] = modules_.try_emplace({path, build_id});
  Module& module = found->second;
  if (is_new) {
    module.frames = store_.Load(path, build_id);
    module.stored = module.frames.size();
    Count(module.stored);
  }
  return module;
}

void FrameCache::Save() const {
  for (const auto& [file, module] : modules_) {
    if (module.frames.size() > module.stored && module.missing.reason.empty())
      store_.Save(file.second, module.frames);
  }
}

void FrameCache::Trim() {
  if (frames_ <= kMostFrames) return;
  Save();
  modules_.clear();
  frames_ = 0;
}

std::unique_ptr<Symbolizer> NewCachedSymbolizer(std::span<const capture::ModuleInfo> modules,
                                                SymbolizerOptions options, FrameCache* cache) {
  return std::make_unique<CachedSymbolizer>(modules, std::move(options), cache);
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/cached_symbolizer.h"

namespace leaktrack {
namespace {

class CachedSymbolizer : public Symbolizer {
 public:
  CachedSymbolizer(std::span<const capture::ModuleInfo> modules, SymbolizerOptions options, FrameCache* cache)
      : modules_(modules), options_(std::move(options)), cache_(cache) {
    cache_->Trim();
    for (const capture::ModuleInfo& module : modules_) {
      if (!module.build_id.empty()) frames_of_[module.number] = &cache_->Of(module.path, module.build_id);
    }
  }

  void Prepare(std::span<const capture::Frame> frames) override {
    std::vector<capture::Frame> open;
    for (const capture::Frame frame : frames) {
      if (Known(frame) == nullptr) open.push_back(frame);
    }
    if (!open.empty()) Files().Prepare(open);
  }

  const std::vector<ResolvedFrame>& Resolve(capture::Frame frame) override {
    if (const std::vector<ResolvedFrame>* known = Known(frame)) return *known;
    const std::vector<ResolvedFrame>& resolved = Files().Resolve(frame);
    const auto cached = frames_of_.find(capture::FrameModule(frame));
    if (cached == frames_of_.end()) return resolved;
    cache_->Count(1);
    return cached->second->emplace(capture::FrameAddress(frame), resolved).first->second;
  }

  std::vector<MissingSymbols> missing() const override {
    return files_ == nullptr ? std::vector<MissingSymbols>() : files_->missing();
  }

 private:
  const std::vector<ResolvedFrame>* Known(capture::Frame frame) const {
    const auto cached = frames_of_.find(capture::FrameModule(frame));
    if (cached == frames_of_.end()) return nullptr;
    const auto found = cached->second->find(capture::FrameAddress(frame));
    return found == cached->second->end() ? nullptr : &found->second;
  }

  Symbolizer& Files() {
    if (files_ == nullptr) files_ = NewElfSymbolizer(modules_, options_);
    return *files_;
  }

  std::span<const capture::ModuleInfo> modules_;
  SymbolizerOptions options_;
  FrameCache* cache_;
  std::unordered_map<uint32_t, FrameCache::Frames*> frames_of_;  // by module number
  std::unique_ptr<Symbolizer> files_;
};

}  // namespace

void FrameCache::Trim() {
  if (frames_ <= kMostFrames) return;
  modules_.clear();
  frames_ = 0;
}

std::unique_ptr<Symbolizer> NewCachedSymbolizer(std::span<const capture::ModuleInfo> modules, SymbolizerOptions options,
                                                FrameCache* cache) {
  return std::make_unique<CachedSymbolizer>(modules, std::move(options), cache);
}

}  // namespace leaktrack

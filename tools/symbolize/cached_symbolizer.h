// SPDX-License-Identifier: Apache-2.0
//
// Names that many captures of one program have in common, read once.
//
// What: a cache of resolved frames by build-id and address, and a symbolizer that opens files only
// for what it does not hold. Why: ten thousand captures of a service would read the same debug
// information ten thousand times. A module without a build-id is never cached: another file may
// have had its place. With a FrameStore the names outlive this process, of files that lacked
// nothing: what is missing today may be installed tomorrow.
// Promises: the answers are those of NewElfSymbolizer. Bounded: beyond kMostFrames the cache begins
// anew with the next capture.
//
// Thread-safety: none. The cache outlives its symbolizers; one symbolizer at a time uses it.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_CACHED_SYMBOLIZER_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_CACHED_SYMBOLIZER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "tools/symbolize/frame_store.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

class FrameCache {
 public:
  static constexpr size_t kMostFrames = 200'000;
  struct Module {
    FramesByAddress frames;
    MissingSymbols missing;  // what was lacking when they were read; no reason: nothing
    size_t stored = 0;       // how many of the frames are in the store
  };

  explicit FrameCache(FrameStore store = FrameStore("")) : store_(std::move(store)) {}
  ~FrameCache() { Save(); }
  FrameCache(const FrameCache&) = delete;
  FrameCache& operator=(const FrameCache&) = delete;

  // Of the file with this path and build-id.
  Module& Of(const std::string& path, const std::string& build_id);
  void Count(size_t added) { frames_ += added; }
  // Call while no symbolizer uses it.
  void Trim();

 private:
  void Save() const;

  FrameStore store_;
  std::map<std::pair<std::string, std::string>, Module> modules_;
  size_t frames_ = 0;
};

// `modules` and `cache` must outlive it.
std::unique_ptr<Symbolizer> NewCachedSymbolizer(std::span<const capture::ModuleInfo> modules,
                                                SymbolizerOptions options, FrameCache* cache);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_CACHED_SYMBOLIZER_H_

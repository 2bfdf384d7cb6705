// SPDX-License-Identifier: Apache-2.0
//
// The names of a capture's frames, written into the capture: what a report needs of the binaries,
// without the binaries.
//
// What: per frame its functions (inlined ones first), files and lines; what was lacking when it was
// sealed; on request the source around each line. As JSON inside the appended seal
// (libtrack/capture/read/seal.h). Promises: any text is legal input; what does not fit is left out,
// and its frames stay module and offset. Limits: a seal is as trustworthy as the capture it came
// with: its source lines are shown, no file is opened because of it.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_SEAL_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_SEAL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/symbolize/source_lines.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct Seal {
  int64_t made_at = 0;  // seconds since 1970
  std::unordered_map<capture::Frame, std::vector<ResolvedFrame>>
      frames;  // as Symbolizer::Resolve gives them
  std::vector<MissingSymbols> missing;
  std::map<std::string, SourceExcerpt> sources;  // by "file:line"
};

std::string WriteSeal(const Seal& seal);

// `modules` are the capture's: a seal does not repeat their paths. Empty: not a seal of this
// version.
std::optional<Seal> ReadSeal(const std::string& text, std::span<const capture::ModuleInfo> modules);

// Asks the seal first, `files` for what it does not hold.
std::unique_ptr<Symbolizer> NewSealedSymbolizer(Seal seal, std::unique_ptr<Symbolizer> files);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_SEAL_H_

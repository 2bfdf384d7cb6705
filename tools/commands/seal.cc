// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/seal.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libtrack/capture/read/seal.h"
#include "tools/base/replace_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/commands/captures.h"
#include "tools/commands/exit_code.h"
#include "tools/symbolize/capture_symbolizer.h"

namespace leaktrack {
namespace {

constexpr uint32_t kLinesAround = 3;
constexpr size_t kMostExcerpts = 20'000;

std::vector<capture::Frame> FramesOf(const capture::Capture& capture) {
  std::vector<capture::Frame> frames;
  for (const auto& [site, stack] : capture.stacks) frames.insert(frames.end(), stack.frames.begin(), stack.frames.end());
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  return frames;
}

void AddSource(const std::vector<ResolvedFrame>& functions, SourceLines& lines, Seal& seal) {
  for (const ResolvedFrame& one : functions) {
    if (seal.sources.size() >= kMostExcerpts) return;
    std::optional<SourceExcerpt> excerpt = lines.Around(one, kLinesAround);
    if (excerpt) seal.sources.emplace(absl::StrCat(one.file, ":", one.line), *std::move(excerpt));
  }
}

// What is known here, and from an older seal what is not.
Seal MakeSeal(const capture::Capture& capture, const std::vector<capture::Frame>& frames, const SealOptions& options) {
  FrameCache cache(FrameStore::For(options.symbols));
  const std::unique_ptr<Symbolizer> symbolizer = NewCaptureSymbolizer(capture, options.symbols, &cache, std::nullopt);
  symbolizer->Prepare(frames);
  SourceLines lines(options.symbols.sysroot);
  Seal seal;
  for (const capture::Frame frame : frames) {
    const std::vector<ResolvedFrame>& functions = symbolizer->Resolve(frame);
    if (functions.front().function.empty()) continue;
    if (options.source) AddSource(functions, lines, seal);
    seal.frames.emplace(frame, functions);
  }
  seal.missing = symbolizer->missing();
  if (std::optional<Seal> old = SealOf(capture)) {
    seal.frames.merge(old->frames);
    seal.sources.merge(old->sources);
  }
  seal.made_at = static_cast<int64_t>(time(nullptr));
  return seal;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file || bytes.empty()) return absl::NotFoundError(absl::StrCat(SafeText(path), ": cannot be read"));
  return bytes;
}

absl::Status SealOne(const std::string& path, const SealOptions& options) {
  ASSIGN_OR_RETURN(const capture::Capture capture, OpenCapture(path));
  if (capture.running) return absl::FailedPreconditionError(absl::StrCat(SafeText(path), ": its process still writes to it; seal it after its end"));
  if (capture.recorder_used) {
    return absl::FailedPreconditionError(absl::StrCat(SafeText(path), ": the end of its run lies in ", SafeText(capture.process.recorder_path),
                                                      " and cannot be written to it (full disk, or not yours?); free some room or ask its owner, then seal"));
  }
  const std::vector<capture::Frame> frames = FramesOf(capture);
  const Seal seal = MakeSeal(capture, frames, options);
  const std::vector<uint8_t> packed = capture::PackSeal(WriteSeal(seal));
  if (packed.empty()) return absl::ResourceExhaustedError(absl::StrCat(SafeText(path), ": its names are more than a seal holds"));
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  bytes.resize(capture::SplitSeal({data, bytes.size()}).capture.size());
  bytes.append(packed.begin(), packed.end());
  const std::string& to = options.output.empty() ? path : options.output;
  RETURN_IF_ERROR(ReplaceFile(to, path, bytes));
  const size_t named = seal.frames.size();
  printf("%s: sealed, %s of %s frames have names%s, %s more\n", SafeText(to).c_str(), FormatCount(named).c_str(), FormatCount(frames.size()).c_str(),
         options.source ? absl::StrCat(", ", FormatCount(seal.sources.size()), " places their source").c_str() : "",
         FormatSize(static_cast<double>(packed.size())).c_str());
  for (const MissingSymbols& one : seal.missing) printf("  %s: %s\n", SafeText(one.module).c_str(), SafeText(one.reason).c_str());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> RunSeal(const SealOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAt(options.capture));
  if (paths.size() > 1 && !options.output.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("-o: ", SafeText(options.capture), " holds ", paths.size(), " captures; leave it out to seal each in its place"));
  }
  for (const std::string& path : paths) RETURN_IF_ERROR(SealOne(path, options));
  return kExitNothingFound;
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/sealed_copy.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <span>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/read/capture_bytes.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/fold.h"
#include "libtrack/capture/read/seal.h"
#include "tools/base/input_file.h"
#include "tools/base/status_macros.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/symbolize/source_lines.h"

namespace leaktrack {
namespace {

constexpr uint32_t kLinesAround = 3;
constexpr int kReadings = 5;
constexpr useconds_t kNapUs = 20'000;
constexpr size_t kMostExcerpts = 20'000;

void AddSource(const std::vector<ResolvedFrame>& functions, SourceLines& lines, Seal& seal) {
  for (const ResolvedFrame& one : functions) {
    if (seal.sources.size() >= kMostExcerpts) return;
    std::optional<SourceExcerpt> excerpt = lines.Around(one, kLinesAround);
    if (excerpt) seal.sources.emplace(absl::StrCat(one.file, ":", one.line), *std::move(excerpt));
  }
}

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The end of the run is in its recorder: it is added to a copy in memory.
absl::StatusOr<std::string> Completed(const std::string& bytes, const capture::RecorderImage& image,
                                      bool running) {
  const int fd = memfd_create("leaktrack", MFD_CLOEXEC);
  if (fd < 0)
    return absl::ResourceExhaustedError(absl::StrCat("a copy in memory: ", strerror(errno)));
  std::string complete, why = "no room in memory";
  bool done = write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
              capture::CompleteCopy(fd, image, running, &why);
  complete.resize(static_cast<size_t>(std::max<off_t>(0, lseek(fd, 0, SEEK_END))));
  done = done &&
         pread(fd, complete.data(), complete.size(), 0) == static_cast<ssize_t>(complete.size());
  close(fd);
  if (!done) return absl::DataLossError(absl::StrCat("the end of the run cannot be added: ", why));
  return complete;
}

struct OwnerOfFile {
  uid_t uid = ~uid_t{0};
  bool known = false;
};
OwnerOfFile OwnerOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? OwnerOfFile{info.st_uid, true} : OwnerOfFile{};
}

}  // namespace

std::vector<capture::Frame> FramesOf(const capture::Capture& capture) {
  std::vector<capture::Frame> frames;
  for (const auto& [site, stack] : capture.stacks)
    frames.insert(frames.end(), stack.frames.begin(), stack.frames.end());
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  return frames;
}

Seal MakeSeal(const capture::Capture& capture, const std::vector<capture::Frame>& frames,
              const SymbolizerOptions& symbols, bool with_source) {
  FrameCache cache(FrameStore::For(symbols));
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(capture, symbols, &cache, std::nullopt);
  symbolizer->Prepare(frames);
  SourceLines lines(symbols.sysroot);
  Seal seal;
  for (const capture::Frame frame : frames) {
    const std::vector<ResolvedFrame>& functions = symbolizer->Resolve(frame);
    if (functions.front().function.empty()) continue;
    if (with_source) AddSource(functions, lines, seal);
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

absl::StatusOr<std::string> ReadRecorded(const std::string& path) {
  ASSIGN_OR_RETURN(std::string bytes, ReadText(path));
  bytes.resize(capture::SplitSeal(BytesOf(bytes)).capture.size());
  return bytes;
}

// Recorder and file of one moment: no epoch was written between the two readings, and none is half
// there.
absl::StatusOr<std::string> ReadWithEnd(const std::string& path, bool running) {
  for (int reading = 0; reading < kReadings; ++reading) {
    capture::RecorderImage image;
    if (!capture::LoadRecorderOf(path, &image)) break;  // it has ended meanwhile
    ASSIGN_OR_RETURN(const std::string bytes, ReadRecorded(path));
    const capture::DecodeResult file = capture::DecodeCaptureBytes(path, BytesOf(bytes), nullptr);
    const uint64_t image_ms =
        std::max(image.header()->tick_ms.load(), image.header()->end_ms.load());
    // Before the first epoch the file holds nothing yet, which it calls damage.
    const bool whole = file.capture.damage.empty() || file.capture.duration_ms == 0;
    const bool settled = file.failure == capture::DecodeFailure::kNone && (!running || whole);
    if (settled && file.capture.duration_ms <= image_ms) return Completed(bytes, image, running);
    usleep(kNapUs);
  }
  return ReadRecorded(path);
}

bool RecorderMayGoInto(const std::string& path) {
  capture::RecorderImage image;
  const OwnerOfFile file = OwnerOf(path);
  if (!file.known || !capture::LoadRecorderOf(path, &image)) return false;
  return file.uid == geteuid() || file.uid == image.file().owner;
}

}  // namespace leaktrack

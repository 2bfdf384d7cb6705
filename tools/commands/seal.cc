// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/seal.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libtrack/capture/format.h"
#include "libtrack/capture/read/capture_bytes.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/fold.h"
#include "libtrack/capture/read/regular_file.h"
#include "libtrack/capture/read/seal.h"
#include "tools/base/input_file.h"
#include "tools/base/replace_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/commands/captures.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/output.h"
#include "tools/symbolize/capture_symbolizer.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kLinesAround = 3;
constexpr int kReadings = 5;
constexpr useconds_t kNapUs = 20'000;
constexpr size_t kMostExcerpts = 20'000;

std::vector<capture::Frame> FramesOf(const capture::Capture& capture) {
  std::vector<capture::Frame> frames;
  for (const auto& [site, stack] : capture.stacks)
    frames.insert(frames.end(), stack.frames.begin(), stack.frames.end());
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
Seal MakeSeal(const capture::Capture& capture, const std::vector<capture::Frame>& frames,
              const SealOptions& options) {
  FrameCache cache(FrameStore::For(options.symbols));
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(capture, options.symbols, &cache, std::nullopt);
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

// A sealed copy may replace the run's own capture, and an older copy of it; but neither another run
// nor a program.
absl::Status MayHoldSealed(const std::string& to, const capture::Capture& sealed) {
  struct stat info {};
  if (stat(to.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(SafeText(to), ": is ", capture::KindOfFile(info.st_mode), "; name a file"));
  }
  std::string held = HeldIn(to);
  if (held == "a capture") {
    const capture::DecodeResult there = capture::DecodeCaptureFile(to);
    const bool same_run = there.failure == capture::DecodeFailure::kNone &&
                          there.capture.process.run_id == sealed.process.run_id;
    held = same_run ? "" : "the capture of another run";
  }
  if (info.st_size == 0 && to.ends_with(kCaptureSuffix))
    held = "the capture of a run that has hardly begun";
  if (held.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(SafeText(to), ": is ", held, ", and would be destroyed; write to another file"));
}

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// What was recorded, without an older seal.
absl::StatusOr<std::string> ReadRecorded(const std::string& path) {
  ASSIGN_OR_RETURN(std::string bytes, ReadText(path));
  bytes.resize(capture::SplitSeal(BytesOf(bytes)).capture.size());
  return bytes;
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

// Recorder and file of one moment: no epoch was written between the two readings, and none is half
// there.
absl::StatusOr<std::string> ReadAsOfNow(const std::string& path, bool running) {
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

struct OwnerOfFile {
  uid_t uid = ~uid_t{0};
  bool known = false;
};
OwnerOfFile OwnerOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? OwnerOfFile{info.st_uid, true} : OwnerOfFile{};
}

// The copy will be readable for the capture's owner.
bool RecorderMayGoInto(const std::string& path) {
  capture::RecorderImage image;
  const OwnerOfFile file = OwnerOf(path);
  if (!file.known || !capture::LoadRecorderOf(path, &image)) return false;
  return file.uid == geteuid() || file.uid == image.file().owner;
}

// Where the sealed file goes; an error where that would take the capture from its process or from
// its owner.
absl::StatusOr<std::string> Destination(const std::string& path, const std::string& output,
                                        bool may_live) {
  struct stat from {
  }, to{};
  const std::string wanted = !output.empty() ? output : may_live ? SealedBeside(path) : path;
  const bool in_place = stat(path.c_str(), &from) == 0 && stat(wanted.c_str(), &to) == 0 &&
                        from.st_dev == to.st_dev && from.st_ino == to.st_ino;
  if (in_place && may_live)
    return absl::InvalidArgumentError(absl::StrCat(
        SafeText(path), ": its process may still write to it; give another name by -o"));
  if (in_place && geteuid() != 0 && from.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat(SafeText(path), ": belongs to another user (id ", from.st_uid,
                     "); -o FILE writes a sealed copy that is yours"));
  }
  return wanted;
}

absl::Status Replace(const std::string& to, const std::string& path, const std::string& bytes) {
  const absl::Status written = ReplaceFile(to, path, bytes);
  if (written.ok() || to != path) return written;
  return absl::Status(written.code(), absl::StrCat(written.message(),
                                                   "; -o FILE writes the sealed copy elsewhere"));
}

void Tell(const std::string& to, const Seal& seal, size_t frames, size_t packed, bool source,
          const capture::Capture& capture) {
  const char* const as_of = capture.running    ? " as of now, its process goes on"
                            : capture.may_live ? " as of now, its process may go on"
                                               : "";
  printf("%s: sealed%s, %s of %s frames have names%s, %s more\n", SafeText(to).c_str(), as_of,
         FormatCount(seal.frames.size()).c_str(), FormatCount(frames).c_str(),
         source
             ? absl::StrCat(", ", FormatCount(seal.sources.size()), " places their source").c_str()
             : "",
         FormatSize(static_cast<double>(packed)).c_str());
  for (const MissingSymbols& one : seal.missing)
    printf("  %s: %s\n", SafeText(one.module).c_str(), SafeText(one.reason).c_str());
}

absl::Status SealOne(const std::string& path, const std::string& output,
                     const SealOptions& options) {
  if (HeldIn(path) == "the flight recorder of a run") {
    return absl::InvalidArgumentError(absl::StrCat(SafeText(path),
                                                   ": is a flight recorder; seal the capture that "
                                                   "it belongs to, which takes in what it holds"));
  }
  ASSIGN_OR_RETURN(const capture::Capture capture, OpenCapture(path));
  ASSIGN_OR_RETURN(const std::string to, Destination(path, output, capture.may_live));
  RETURN_IF_ERROR(MayHoldSealed(to, capture));
  const std::vector<capture::Frame> frames = FramesOf(capture);
  const Seal seal = MakeSeal(capture, frames, options);
  const std::vector<uint8_t> packed = capture::PackSeal(WriteSeal(seal));
  if (packed.empty())
    return absl::ResourceExhaustedError(
        absl::StrCat(SafeText(path), ": its names are more than a seal holds"));
  const bool with_end = capture.recorder_used && RecorderMayGoInto(path);
  absl::StatusOr<std::string> bytes =
      with_end ? ReadAsOfNow(path, capture.may_live) : ReadRecorded(path);
  if (!bytes.ok())
    return absl::Status(bytes.status().code(),
                        absl::StrCat(SafeText(path), ": ", bytes.status().message()));
  if (bytes->size() < capture::kHeaderBytes) {
    return absl::DataLossError(absl::StrCat(
        SafeText(path), ": holds nothing that could be sealed; what is known of its run lies in ",
        SafeText(capture.process.recorder_path)));
  }
  bytes->append(packed.begin(), packed.end());
  RETURN_IF_ERROR(Replace(to, path, *bytes));
  Tell(to, seal, frames.size(), packed.size(), options.source, capture);
  if (capture.recorder_used && !with_end) {
    capture::RecorderImage image;
    printf("  the end of the run lies in %s, which %s: it is not in this file\n",
           SafeText(capture.process.recorder_path).c_str(),
           capture::LoadRecorderOf(path, &image) ? "is another user's" : "cannot be read any more");
  }
  return absl::OkStatus();
}

// "DIR/a/x.ltk" sealed into OUT is "OUT/a/x.ltk".
absl::StatusOr<std::string> PlaceIn(const std::string& output, const std::string& below,
                                    const std::string& path) {
  const fs::path place = fs::path(output) / fs::path(path).lexically_relative(below);
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (error)
    return absl::PermissionDeniedError(
        absl::StrCat(SafeText(place.parent_path().string()), ": ", error.message()));
  return place.string();
}

absl::Status SealAll(const std::vector<std::string>& paths, const SealOptions& options) {
  size_t failed = 0;
  absl::Status first;
  for (const std::string& path : paths) {
    absl::StatusOr<std::string> to =
        options.output.empty() ? std::string() : PlaceIn(options.output, options.capture, path);
    const absl::Status status = to.ok() ? SealOne(path, *to, options) : to.status();
    if (status.ok()) continue;
    if (++failed == 1)
      first = status;
    else
      fprintf(stderr, "leaktrack: %s\n", std::string(status.message()).c_str());
  }
  if (failed < 2) return first;
  return absl::Status(first.code(), absl::StrCat(first.message(), "; ", failed, " of ",
                                                 paths.size(), " captures are not sealed"));
}

}  // namespace

absl::StatusOr<int> RunSeal(const SealOptions& options) {
  std::error_code error;
  const bool into = fs::is_directory(options.output, error);
  if (!fs::is_directory(options.capture, error)) {
    const std::string to =
        into ? (fs::path(options.output) / fs::path(options.capture).filename()).string()
             : options.output;
    RETURN_IF_ERROR(SealOne(options.capture, to, options));
    return kExitNothingFound;
  }
  std::string problem;
  const std::vector<std::string> paths = CapturesBelow(options.capture, &problem);
  if (!problem.empty()) return absl::PermissionDeniedError(problem);
  if (paths.empty())
    return absl::NotFoundError(
        absl::StrCat(SafeText(options.capture), ": no capture (*.ltk) here or below"));
  if (!options.output.empty() && !into) {
    return absl::InvalidArgumentError(absl::StrCat(
        "-o: ", SafeText(options.capture),
        " is a directory; -o must name one that exists, for the sealed copies, or be left out"));
  }
  RETURN_IF_ERROR(SealAll(paths, options));
  return kExitNothingFound;
}

}  // namespace leaktrack

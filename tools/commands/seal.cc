// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack seal`: writes the names that this machine knows into a capture, so that it opens
// complete elsewhere.
//
// Promises: the capture is replaced at once or not at all (a new file, renamed over it); what was
// recorded is not changed by a byte. Sealing again keeps the names of the old seal that are not
// known here. A capture that a process still writes to, or that is another user's, is not
// replaced: of the first a copy is made, complete as of now, beside it ("x.sealed.ltk") or where -o
// says; for the second -o is asked for. A copy holds the last moments, too, as the flight recorder
// has them, where recorder and copy are of one user: what another user's process did is told to
// nobody. Of a directory all captures in it and below are sealed; one that cannot be does not keep
// the others from it.
#include "libtrack/capture/read/seal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/format.h"
#include "libtrack/capture/read/decoder.h"
#include "libtrack/capture/read/recorder_image.h"
#include "libtrack/capture/read/regular_file.h"
#include "tools/base/replace_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/commands/captures.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/output.h"
#include "tools/commands/sealed_copy.h"
#include "tools/commands/shared_options.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr char kExamples[] =
    "  leaktrack seal host.service.4711.0f3c.ltk\n"
    "  leaktrack seal --source -o to-send.ltk host.service.4711.0f3c.ltk\n\n"
    "A sealed capture needs no binaries: copy it anywhere, and report, merge, diff and gate read "
    "the names from it.\n"
    "Seal where the binaries are. Exit status: 0 sealed, 2 not sealed: the capture is unchanged.";

struct SealOptions {
  std::string capture;  // a file, or a directory of them
  std::string output;   // where the sealed copy goes, a file or a directory; empty: in its place
  bool source = false;  // the lines of source, too
  SymbolizerOptions symbols;
};

// A sealed copy may replace the run's own capture, and an older copy of it; but neither another run
// nor a program.
absl::Status MayHoldSealed(const std::string& to, const capture::Capture& sealed) {
  struct stat info {};
  if (stat(to.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(SafeText(to), ": is ", capture::KindOfFile(info.st_mode), "; name a file"));
  }
  const Held kind = HeldIn(to);
  std::string held = HeldName(kind);
  if (kind == Held::kCapture) {
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
    printf("  %s: %s\n", SafeText(one.module).c_str(), SafeText(one.Why()).c_str());
}

absl::Status SealOne(const std::string& path, const std::string& output,
                     const SealOptions& options) {
  if (HeldIn(path) == Held::kRecorder) {
    return absl::InvalidArgumentError(absl::StrCat(
        SafeText(path),
        ": is a flight recorder; seal its capture, which takes in what the recorder holds"));
  }
  ASSIGN_OR_RETURN(const capture::Capture capture, OpenCapture(path));
  ASSIGN_OR_RETURN(const std::string to, Destination(path, output, capture.may_live));
  RETURN_IF_ERROR(MayHoldSealed(to, capture));
  const std::vector<capture::Frame> frames = FramesOf(capture);
  const Seal seal = MakeSeal(capture, frames, options.symbols, options.source);
  const std::vector<uint8_t> packed = capture::PackSeal(WriteSeal(seal));
  if (packed.empty())
    return absl::ResourceExhaustedError(
        absl::StrCat(SafeText(path), ": has more names than a seal can hold"));
  const bool with_end = capture.recorder_used && RecorderMayGoInto(path);
  absl::StatusOr<std::string> bytes =
      with_end ? ReadWithEnd(path, capture.may_live) : ReadRecorded(path);
  if (!bytes.ok())
    return absl::Status(bytes.status().code(),
                        absl::StrCat(SafeText(path), ": ", bytes.status().message()));
  if (bytes->size() < capture::kHeaderBytes) {
    return absl::DataLossError(absl::StrCat(
        SafeText(path), ": is empty, so there is nothing to seal; what is known of its run is in ",
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

void AddOptions(OptionList& list, SealOptions& options) {
  list.Footer(kExamples);
  list.Add("CAPTURE", options.capture, "a capture, or a directory: all captures in it and below")
      .Required();
  list.Add("-o,--output", options.output,
           "write the sealed capture to FILE, or into the directory FILE, instead of in its place")
      .Type("FILE");
  list.Flag("--source", options.source,
            "also the lines of source around each place; leave it out for confidential code");
  AddSymbolOptions(list, options.symbols);
}

absl::StatusOr<int> Run(const SealOptions& options) {
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
    return absl::InvalidArgumentError(
        absl::StrCat("-o: ", SafeText(options.capture),
                     " is a directory; -o must name an existing directory for the sealed copies, "
                     "or be left out"));
  }
  RETURN_IF_ERROR(SealAll(paths, options));
  return kExitNothingFound;
}

}  // namespace

constinit const Command kSeal = MakeCommand<SealOptions, AddOptions, Run>(
    "seal", "Writes names, files and lines into a capture, so that it opens complete elsewhere");

}  // namespace leaktrack

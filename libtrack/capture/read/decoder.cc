// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/read/decoder.h"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/read/capture_builder.h"
#include "libtrack/capture/read/capture_bytes.h"
#include "libtrack/capture/read/oom_evidence.h"
#include "libtrack/capture/read/owner.h"
#include "libtrack/capture/read/regular_file.h"
#include "libtrack/capture/read/seal.h"

namespace leaktrack::capture {
namespace {

constexpr int kReadings = 3;
// An epoch takes a second; on a busy or throttled machine it takes a few.
constexpr int64_t kHeardLatelyMs = 10'000;
constexpr uint64_t kMostBytes = kMaxFileBytes + kMostPackedSealBytes + sizeof(SealTrailer) + 1;

std::string Text(const char* from, size_t capacity) {
  return std::string(from, strnlen(from, capacity));
}

DecodeResult Failed(DecodeFailure failure, std::string message) {
  DecodeResult result;
  result.failure = failure;
  result.message = std::move(message);
  return result;
}

// Copies the fields that the headers of files and of recorders have in common.
std::string LimitingCgroup(const CgroupFacts& facts) {
  std::string name = Text(facts.name, sizeof(facts.name));
  if (name.empty()) return name;
  name.resize(name.size() - std::min<size_t>(facts.level_cut, name.size()));
  return name.empty() ? "/" : name;
}

template <typename Header>
void DescribeProcess(const Header& header, ProcessInfo* process) {
  process->pid = header.pid;
  process->parent_pid = header.parent_pid;
  process->run_id = header.run_id;
  process->parent_run_id = header.parent_run_id;
  process->start_realtime_ns = header.start_realtime_ns;
  process->host = Text(header.host, sizeof(header.host));
  process->program = Text(header.program, sizeof(header.program));
  process->command = Text(header.command, sizeof(header.command));
  process->limit_id = header.limit_id;
  process->cgroup = Text(header.cgroup.name, sizeof(header.cgroup.name));
  process->limiting_cgroup = LimitingCgroup(header.cgroup);
  memcpy(process->boot_id.data(), header.boot_id, process->boot_id.size());
}

bool Usable(const RecorderImage& image, uint64_t run_id) {
  return image.loaded() && image.header()->run_id == run_id && image.header()->folded.load() == 0;
}

int64_t MonotonicMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// If the process is not visible from here, its epochs tell whether it lives: it writes one a second
// while it lives and its disk takes them.
bool HeardLately(int64_t start_monotonic_ns, const Capture& capture) {
  const int64_t silent_ms =
      MonotonicMs() - start_monotonic_ns / 1'000'000 - static_cast<int64_t>(capture.duration_ms);
  return start_monotonic_ns != 0 && silent_ms > -1000 && silent_ms < kHeardLatelyMs;
}

// Decides how the run ended, from the last record and from what is known of the owner.
void DecideEnd(const Owner& owner, bool final_in_file, int64_t start_monotonic_ns,
               Capture* capture) {
  if (capture->end_state != RunState::kStarting && capture->end_state != RunState::kRunning) return;
  // Only a copy that was sealed while the process ran ends with its process still running.
  capture->as_of = final_in_file;
  if (final_in_file) return;
  capture->running = owner.life == Life::kAlive ||
                     (owner.life == Life::kUnknown && HeardLately(start_monotonic_ns, *capture));
  capture->may_live = capture->running || owner.life == Life::kUnknown;
  if (owner.life == Life::kAlive) capture->process.pid_here = owner.pid_here;
  if (owner.life == Life::kDead) capture->end_state = RunState::kKilled;
}

void TakeImage(const RecorderImage& image, CaptureBuilder* builder, DamageList* damage) {
  if (image.view().bad_regions() != 0)
    damage->Add("flight recorder: regions that do not fit it were skipped");
  builder->TakeRecorder(image.view());
}

// The program that folded had other eyes than ours: perhaps it could not read the kernel's log.
void TakeOomKill(const FileHeader& header, Capture* capture) {
  if (capture->end_state != RunState::kKilled || capture->may_live) return;
  capture->oom_kill = OomKillOf(header.oom);
  if (capture->oom_kill || !IsThisBoot(OwnerFactsOf(header))) return;
  const std::optional<OomRecord> found = FindOomKillInLog(DeadRunOf(header, capture->duration_ms));
  if (found) capture->oom_kill = OomKillOf(*found);
}

std::string RecorderPathFor(const FileHeader& header, const DecodeOptions& options) {
  std::string path = Text(header.recorder_path, sizeof(header.recorder_path));
  if (path.empty() || options.recorder_directory.empty()) return path;
  return options.recorder_directory + "/" + path.substr(path.rfind('/') + 1);
}

FileHeader HeaderOf(std::span<const uint8_t> file) {
  FileHeader header{};
  if (!file.empty()) memcpy(&header, file.data(), std::min(file.size(), sizeof(header)));
  return header;
}

// A copy of the file may have come to another machine, or the machine may have restarted. Numbers
// and paths are then wrong, so the run id must match.
bool LoadIfOfRun(const std::string& path, uint64_t run_id, RecorderImage* image) {
  std::string why;
  return image->Load(path, &why) && IsThisBoot(*image->header()) && Usable(*image, run_id);
}

// Looks at the recorded path. If the process runs in a container, where the path has its meaning,
// looks below the root of the process.
bool LoadRecorder(const FileHeader& header, const DecodeOptions& options, RecorderImage* image) {
  const std::string path = RecorderPathFor(header, options);
  if (path.empty()) return false;
  if (LoadIfOfRun(path, header.run_id, image)) return true;
  const OwnerFacts facts = OwnerFactsOf(header);
  if (!options.recorder_directory.empty() || NumbersAreOurs(facts)) return false;
  const Owner owner = LookForOwner(facts);
  return owner.pid_here != 0 &&
         LoadIfOfRun("/proc/" + std::to_string(owner.pid_here) + "/root" + path, header.run_id,
                     image);
}

// One reading. The recorder is copied before the file is read. What the drainer moves from one to
// the other in between is then seen twice, which is harmless, and never missed.
DecodeResult ReadOnce(const std::string& path, const DecodeOptions& options) {
  std::vector<uint8_t> file;
  std::string why;
  const auto unreadable = [&] {
    return Failed(DecodeFailure::kCannotRead, path + ": cannot be read: " + why);
  };
  if (!ReadRegular(path, kHeaderBytes, &file, &why)) return unreadable();
  RecorderImage image;
  const FileHeader header = HeaderOf(file);
  if (header.magic == kRecorderMagic) {
    if (!image.Load(path, &why)) return Failed(DecodeFailure::kNotACapture, why);
    const std::string capture_path =
        Text(image.header()->capture_path, sizeof(image.header()->capture_path));
    file.clear();
    if (!capture_path.empty()) ReadRegular(capture_path, kMostBytes, &file, &why);
    const bool same_run = file.size() >= sizeof(FileHeader) &&
                          HeaderOf(file).magic == kCaptureMagic &&
                          HeaderOf(file).run_id == image.header()->run_id;
    if (!same_run) return DecodeRecorderImage(path, image);
    return DecodeCaptureBytes(capture_path, file, &image);
  }
  const bool recorder = options.use_recorder && header.magic == kCaptureMagic &&
                        LoadRecorder(header, options, &image);
  if (!ReadRegular(path, kMostBytes, &file, &why)) return unreadable();
  return DecodeCaptureBytes(path, file, recorder ? &image : nullptr);
}

}  // namespace

DecodeResult DecodeRecorderImage(const std::string& path, const RecorderImage& image) {
  DecodeResult result;
  Capture& capture = result.capture;
  CaptureBuilder builder;
  DamageList damage;
  TakeImage(image, &builder, &damage);
  builder.Finish(&capture, &damage);
  capture.path = path;
  capture.major = kMajor;
  capture.minor = kMinor;
  capture.recorder_used = true;
  capture.configured_interval = image.header()->configured_interval;
  capture.no_thread = image.header()->no_thread != 0;
  DescribeProcess(*image.header(), &capture.process);
  capture.process.recorder_path = path;
  DecideEnd(OwnerOf(*image.header()), false, image.header()->start_monotonic_ns, &capture);
  capture.numbers_are_ours = NumbersAreOurs(*image.header());
  capture.damage = damage.Take();
  return result;
}

DecodeResult DecodeCaptureBytes(const std::string& path, std::span<const uint8_t> bytes,
                                const RecorderImage* image) {
  SealedFile sealed = SplitSeal(bytes);
  const std::span<const uint8_t> file = sealed.capture;
  if (file.size() < sizeof(uint64_t))
    return Failed(DecodeFailure::kNotACapture, path + ": not a capture: too short");
  const FileHeader header = HeaderOf(file);
  const bool whole =
      file.size() >= kHeaderBytes && header.crc == Crc32c(&header, offsetof(FileHeader, crc));
  if (whole && header.magic == kCaptureMagic && (header.major > kMajor || header.features != 0)) {
    return Failed(DecodeFailure::kTooNew,
                  path + ": capture of format " + std::to_string(header.major) + "." +
                      std::to_string(header.minor) + "; this program reads up to " +
                      std::to_string(kMajor) + ".x: use a newer leaktrack");
  }
  DecodeResult result;
  Capture& capture = result.capture;
  CaptureBuilder builder;
  DamageList damage;
  if (!whole)
    damage.Add(
        "offset 0: the checksum of the header page is wrong; what it says of the process may be "
        "wrong");
  const FileFacts facts =
      ReadRecords(file, whole ? header.run_id : 0, &damage,
                  [&builder](const Record& record) { return builder.Take(record); });
  if (!(whole && header.magic == kCaptureMagic) && facts.valid_segments == 0) {
    if (header.magic != kCaptureMagic)
      return Failed(DecodeFailure::kNotACapture, path + ": not a capture");
    return Failed(DecodeFailure::kTooDamaged,
                  path + ": the checksum of the header page is wrong, and no segment follows");
  }
  if (facts.segments < builder.segments_promised()) {
    damage.Add("the file is cut off: it has " + std::to_string(facts.segments) + " of " +
               std::to_string(builder.segments_promised()) + " segments");
  }
  if (!builder.has_status())
    damage.Add("no epoch was committed: the run ended at once, or the file is cut off");

  const bool final_in_file = builder.final_status();
  // A completed copy shows its own moment, even if its process has gone on.
  const bool complete = final_in_file && (header.flags & kFileComplete) != 0;
  capture.recorder_used = image != nullptr && !complete && Usable(*image, header.run_id);
  if (capture.recorder_used) TakeImage(*image, &builder, &damage);
  builder.Finish(&capture, &damage);
  capture.path = path;
  capture.seal = std::move(sealed.text);
  capture.seal_problem = std::move(sealed.problem);
  capture.major = header.major;
  capture.minor = header.minor;
  capture.configured_interval = header.configured_interval;
  capture.no_thread = (header.flags & kFileNoThread) != 0;
  DescribeProcess(header, &capture.process);
  capture.process.recorder_path = Text(header.recorder_path, sizeof(header.recorder_path));
  capture.process.recorder_was_anonymous = (header.flags & kFileRecorderAnonymous) != 0;
  // If the run is over, nobody needs to look for its owner.
  const Owner owner = capture.recorder_used ? OwnerOf(*image->header())
                      : final_in_file       ? Owner{}
                                            : LookForOwner(OwnerFactsOf(header));
  DecideEnd(owner, final_in_file && !capture.recorder_used, header.start_monotonic_ns, &capture);
  TakeOomKill(header, &capture);
  capture.numbers_are_ours = NumbersAreOurs(OwnerFactsOf(header));
  capture.recorder_missing = !capture.recorder_used && !final_in_file && !capture.running;
  capture.young_missing = !capture.recorder_used && !final_in_file;
  capture.damage = damage.Take();
  return result;
}

bool LoadRecorderOf(const std::string& capture_path, RecorderImage* image) {
  std::vector<uint8_t> page;
  std::string why;
  if (!ReadRegular(capture_path, kHeaderBytes, &page, &why)) return false;
  const FileHeader header = HeaderOf(page);
  return header.magic == kCaptureMagic && LoadRecorder(header, {}, image);
}

// A file that is being written may be caught in the middle of a record. So read again before
// calling that damage.
DecodeResult DecodeCaptureFile(const std::string& path, const DecodeOptions& options) {
  DecodeResult result;
  for (int i = 0; i < kReadings; ++i) {
    result = ReadOnce(path, options);
    if (result.failure != DecodeFailure::kNone || !result.capture.running ||
        result.capture.damage.empty())
      break;
  }
  return result;
}

}  // namespace leaktrack::capture

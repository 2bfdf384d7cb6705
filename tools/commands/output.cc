// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/output.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/captures.h"

namespace leaktrack {
namespace {

constexpr char kStandardOutput[] = "standard output";

std::pair<uint64_t, uint64_t> KeyOf(const struct stat& file) { return {file.st_dev, file.st_ino}; }

// A reader who has seen enough (`| head`) is no error.
absl::Status WriteAll(int fd, std::string_view text, const std::string& name, bool& is_closed) {
  while (!text.empty() && !is_closed) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EPIPE)
      return absl::DataLossError(absl::StrCat(name, ": ", strerror(errno)));
    is_closed = written < 0;
    text.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Gathers small pieces, and passes them on by the 256 KiB.
class FileSink : public TextSink {
 public:
  FileSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  void Write(std::string_view piece) override {
    if (!status_.ok() || is_closed_) return;
    held_ += piece;
    if (held_.size() >= kMostHeld) Flush();
  }
  absl::Status Finish() {
    if (status_.ok()) Flush();
    return status_;
  }

 private:
  static constexpr size_t kMostHeld = 256 << 10;

  void Flush() {
    status_ = WriteAll(fd_, held_, name_, is_closed_);
    held_.clear();
  }

  const int fd_;
  const std::string name_;
  std::string held_;
  absl::Status status_;
  bool is_closed_ = false;
};

absl::Status WriteTo(int fd, const std::string& name, absl::FunctionRef<void(TextSink&)> write) {
  FileSink sink(fd, name);
  write(sink);
  return sink.Finish();
}

absl::Status Refused(const std::string& name, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", why, "; write to another file"));
}

// `file` is what `path` leads to.
absl::Status Spares(const std::string& path, const struct stat& file, const Inputs& inputs) {
  const std::string name = path.empty() ? kStandardOutput : SafeText(path);
  if (!S_ISREG(file.st_mode)) return absl::OkStatus();
  const std::string read = inputs.PathOf(file);
  if (!read.empty()) {
    const std::string is = read == path
                               ? "is read by this command"
                               : absl::StrCat("is ", SafeText(read), ", which this command reads");
    return Refused(name, absl::StrCat(is, ", and would be destroyed"));
  }
  const Held held = path.empty() ? Held::kNothing : HeldIn(path);
  if (held == Held::kNothing) return absl::OkStatus();
  return Refused(name, absl::StrCat("is ", HeldName(held), ", and would be destroyed"));
}

// `report -o *.ltk` names a capture that it should read; an empty one shows its kind by its name
// alone.
bool IsNamedAsCapture(const std::string& path) {
  return path.ends_with(kCaptureSuffix) || path.ends_with(".ltr");
}
absl::Status NamedAsCapture(const std::string& path) {
  return Refused(SafeText(path), "has the name of a capture, and a result is not one");
}

std::string WholePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  return error ? path : whole.string();
}

absl::Status CannotOpen(const std::string& path) {
  const int why = errno;
  struct stat info {};
  if (why == ENXIO && stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode))
    return Refused(SafeText(path), "is a FIFO that no program reads");
  return absl::PermissionDeniedError(absl::StrCat(SafeText(path), ": ", strerror(why)));
}

// Opened without a wait, then written to as usual: a reader that is slow is waited for.
absl::Status WriteFile(const std::string& path, absl::FunctionRef<void(TextSink&)> write,
                       const Inputs& inputs, int how) {
  if (IsNamedAsCapture(path)) return NamedAsCapture(path);
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | how, 0666);
  if (fd < 0) return CannotOpen(path);
  struct stat info {};
  absl::Status status = fstat(fd, &info) == 0 ? Spares(path, info, inputs) : CannotOpen(path);
  (void)fcntl(fd, F_SETFL, how);
  if (status.ok() && how == 0 && S_ISREG(info.st_mode) && ftruncate(fd, 0) != 0)
    status = CannotOpen(path);
  if (status.ok()) status = WriteTo(fd, SafeText(path), write);
  if (close(fd) != 0 && status.ok())
    status = absl::DataLossError(absl::StrCat(SafeText(path), ": ", strerror(errno)));
  return status;
}

// Asked before the work begins: hours of it may come first.
absl::Status MayWrite(const std::string& path, bool there) {
  if (path.empty()) return absl::OkStatus();
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const bool may = there ? access(path.c_str(), W_OK) == 0
                         : access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) == 0;
  return may ? absl::OkStatus() : CannotOpen(path);
}

}  // namespace

Held HeldIn(const std::string& path) {
  char start[8] = {};
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return Held::kNothing;
  const ssize_t got = pread(fd, start, sizeof start, 0);
  close(fd);
  if (got >= SELFMAG && memcmp(start, ELFMAG, SELFMAG) == 0) return Held::kProgram;
  if (got < ssize_t{sizeof start}) return Held::kNothing;
  uint64_t magic = 0;
  memcpy(&magic, start, sizeof magic);
  if (magic == capture::kCaptureMagic) return Held::kCapture;
  return magic == capture::kRecorderMagic ? Held::kRecorder : Held::kNothing;
}

std::string HeldName(Held held) {
  switch (held) {
    case Held::kNothing:
      return "";
    case Held::kCapture:
      return "a capture";
    case Held::kRecorder:
      return "the flight recorder of a run";
    case Held::kProgram:
      return "a program or library";
  }
  return "";
}

absl::Status CheckNotForTerminal(const char* format, const std::string& output) {
  if (!output.empty() || isatty(STDOUT_FILENO) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--format ", format, " is not for a terminal; write it to a file by -o FILE"));
}

void Inputs::Add(const std::string& path) {
  struct stat info {};
  if (!path.empty() && stat(path.c_str(), &info) == 0) files_.emplace(KeyOf(info), path);
}

void Inputs::AddAll(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) Add(path);
}

std::string Inputs::PathOf(const struct stat& file) const {
  const auto found = files_.find(KeyOf(file));
  return found == files_.end() ? "" : found->second;
}

absl::Status CheckOutputs(const std::vector<std::string>& outputs, const Inputs& inputs) {
  std::set<std::string> seen;
  for (const std::string& path : outputs) {
    struct stat info {};
    const bool there =
        (path.empty() ? fstat(STDOUT_FILENO, &info) : stat(path.c_str(), &info)) == 0;
    if (there && S_ISDIR(info.st_mode)) return Refused(SafeText(path), "is a directory");
    if (there) RETURN_IF_ERROR(Spares(path, info, inputs));
    if (there && !S_ISREG(info.st_mode)) continue;
    if (IsNamedAsCapture(path)) return NamedAsCapture(path);
    RETURN_IF_ERROR(MayWrite(path, there));
    const std::string key = there ? absl::StrCat(info.st_dev, ":", info.st_ino) : WholePath(path);
    if (!seen.insert(key).second) return Refused(SafeText(path), "is named for two results");
  }
  return absl::OkStatus();
}

absl::Status WriteOutput(const std::string& path, absl::FunctionRef<void(TextSink&)> write,
                         const Inputs& inputs) {
  if (!path.empty()) return WriteFile(path, write, inputs, 0);
  struct stat info {};
  if (fstat(STDOUT_FILENO, &info) == 0) RETURN_IF_ERROR(Spares(path, info, inputs));
  return WriteTo(STDOUT_FILENO, kStandardOutput, write);
}

absl::Status WriteOutput(const std::string& path, const std::string& text, const Inputs& inputs) {
  return WriteOutput(
      path, [&](TextSink& sink) { sink.Write(text); }, inputs);
}

absl::Status AppendOutput(const std::string& path, const std::string& text, const Inputs& inputs) {
  return WriteFile(
      path, [&](TextSink& sink) { sink.Write(text); }, inputs, O_APPEND);
}

}  // namespace leaktrack

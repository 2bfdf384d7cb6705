// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "tools/symbolize/debuginfod_client.h"

namespace leaktrack {
namespace {

constexpr std::chrono::seconds kLongest{120};  // the program keeps its own, shorter limits
constexpr size_t kMostOutput = 64 << 10;

// The end of a pipe that closes itself.
struct End {
  ~End() { Close(); }
  void Close() {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  int fd = -1;
};

bool OpenPipe(End& read, End& write) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  read.fd = ends[0];
  write.fd = ends[1];
  return true;
}

// All that comes until the other side closes; false if that takes too long or is too much.
bool ReadAll(int fd, std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kLongest;
  while (text.size() < kMostOutput) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{fd, POLLIN, 0};
    const int ready = poll(&wait, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    char piece[4096];
    const ssize_t bytes = read(fd, piece, sizeof piece);
    if (bytes == 0) return true;
    if (bytes > 0) text.append(piece, static_cast<size_t>(bytes));
    if (bytes < 0 && errno != EINTR) return false;
  }
  return false;
}

std::string FindInPath(const char* name) {
  const char* path = getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string program = folder + "/" + name;
    std::error_code error;
    if (folder.starts_with('/') && std::filesystem::is_regular_file(program, error) &&
        access(program.c_str(), X_OK) == 0)
      return program;
  }
  return "";
}

class Program : public DebuginfodClient {
 public:
  explicit Program(std::string path) : path_(std::move(path)) {}

  std::string Find(const std::string& build_id, Kind kind, std::string& path) override {
    std::string output;
    int status = 0;
    const char* what = kind == Kind::kDebugInfo ? "debuginfo" : "executable";
    if (std::string problem = Run(what, build_id, output, status); !problem.empty()) return problem;
    while (output.ends_with('\n')) output.pop_back();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      path = output;
      return "";
    }
    // It tells why in words alone: these are ENOENT's.
    if (output.find(strerror(ENOENT)) != std::string::npos) return "";
    const size_t colon = output.rfind(": ");
    return colon == std::string::npos ? path_ + " failed" : output.substr(colon + 2);
  }

 private:
  // Empty, or why there is no answer.
  std::string Run(const char* what, const std::string& build_id, std::string& output,
                  int& status) const {
    End read_end, write_end;
    if (!OpenPipe(read_end, write_end)) return strerror(errno);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, write_end.fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, write_end.fd, STDERR_FILENO);
    const char* arguments[] = {path_.c_str(), what, build_id.c_str(), nullptr};
    pid_t pid = -1;
    const int error = posix_spawn(&pid, path_.c_str(), &actions, nullptr,
                                  const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return path_ + ": " + strerror(error);
    write_end.Close();
    const bool whole = ReadAll(read_end.fd, output);
    if (!whole) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return whole ? "" : path_ + " did not come to an end";
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<DebuginfodClient> OpenDebuginfodProgram() {
  std::string path = FindInPath("debuginfod-find");
  if (path.empty()) return nullptr;
  return std::make_unique<Program>(std::move(path));
}

}  // namespace leaktrack

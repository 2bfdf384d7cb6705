// SPDX-License-Identifier: Apache-2.0
//
// The input of a fuzz target whose parser opens files: in memory, executable, one per process,
// removed at its end.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_FUZZ_INPUT_FILE_H_
#define LEAKTRACK_TESTS_FUZZ_INPUT_FILE_H_

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

class InputFile {
 public:
  InputFile() : path_("/dev/shm/leaktrack_fuzz." + std::to_string(getpid()) + ".input") {}
  ~InputFile() { unlink(path_.c_str()); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  void Write(std::string_view bytes) const {
    const int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      abort();
    close(fd);
  }

 private:
  const std::string path_;
};

#endif  // LEAKTRACK_TESTS_FUZZ_INPUT_FILE_H_

// SPDX-License-Identifier: Apache-2.0
//
// A directory for one test, and files in it.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TESTS_INSPECT_TEMPORARY_DIRECTORY_H_
#define LEAKTRACK_TESTS_INSPECT_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace leaktrack::testing {

class TemporaryDirectoryTest : public ::testing::Test {
 protected:
  TemporaryDirectoryTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "leaktrack-inspect.XXXXXX").string();
    directory_ = std::filesystem::canonical(mkdtemp(pattern.data())).string();
  }
  ~TemporaryDirectoryTest() override {
    std::filesystem::current_path(before_);
    setenv("PATH", path_.c_str(), 1);
    std::filesystem::remove_all(directory_);
  }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  // The path of a new file with this mode.
  std::string Write(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    const std::filesystem::path path(Path(name));
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    chmod(path.c_str(), mode);
    return path.string();
  }

  std::string directory_;

 private:
  const std::filesystem::path before_ = std::filesystem::current_path();
  const std::string path_ = getenv("PATH") == nullptr ? "/usr/bin:/bin" : getenv("PATH");
};

}  // namespace leaktrack::testing

#endif  // LEAKTRACK_TESTS_INSPECT_TEMPORARY_DIRECTORY_H_

// SPDX-License-Identifier: Apache-2.0
//
// Shared by the symbolizer tests: compiled fixtures, the truth about them, and a directory for
// damaged files.
#ifndef LEAKTRACK_TESTS_SYMBOLIZE_FIXTURE_H_
#define LEAKTRACK_TESTS_SYMBOLIZE_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

inline std::string Fixture(const std::string& name) { return std::string(FIXTURE_DIR "/") + name; }

// The standard output of a command; fails the test if the command fails.
std::string RunCommand(const std::string& command);

std::string ReadAll(const std::string& path);
void WriteAll(const std::string& path, std::string_view bytes);

// name -> ELF virtual address of the call, as the running fixture itself reports it.
std::map<std::string, uint64_t> SitesOf(const std::string& fixture);

// The line of a source that ends in "// AT name".
uint32_t LineOf(const std::string& name, const std::string& source = "shapes.cc");

// The build-id as readelf shows it.
std::string BuildIdOf(const std::string& path);

// A module as a capture holds it. Its number is 1 by default.
capture::ModuleInfo ModuleAt(const std::string& path, const std::string& build_id,
                             uint32_t number = 1);
inline capture::ModuleInfo ModuleAt(const std::string& path) {
  return ModuleAt(path, BuildIdOf(path));
}

// Symbolizes one address of one module.
struct OneModule {
  explicit OneModule(const capture::ModuleInfo& module, SymbolizerOptions options = {})
      : symbolizer(NewElfSymbolizer({&module, 1}, std::move(options))) {}
  const std::vector<ResolvedFrame>& operator()(uint64_t address) {
    return symbolizer->Resolve(capture::MakeFrame(1, address));
  }
  std::unique_ptr<Symbolizer> symbolizer;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TESTS_SYMBOLIZE_FIXTURE_H_

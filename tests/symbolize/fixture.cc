// SPDX-License-Identifier: Apache-2.0
#include "tests/symbolize/fixture.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace leaktrack {

std::string RunCommand(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  for (size_t got; pipe != nullptr && (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, got);
  EXPECT_TRUE(pipe != nullptr && pclose(pipe) == 0) << command;
  return output;
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteAll(const std::string& path, std::string_view bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::map<std::string, uint64_t> SitesOf(const std::string& fixture) {
  const bool library = fixture.find("/lib") != std::string::npos && fixture.ends_with(".so");
  std::istringstream lines(RunCommand(library ? Fixture("run_library") + " " + fixture : fixture));
  std::map<std::string, uint64_t> sites;
  std::string name;
  for (uint64_t address; lines >> name >> std::hex >> address;) sites[name] = address;
  EXPECT_GE(sites.size(), 6u) << fixture;
  return sites;
}

uint32_t LineOf(const std::string& name, const std::string& source) {
  std::ifstream in(std::string(FIXTURE_SOURCE_DIR "/") + source);
  std::string text;
  for (uint32_t line = 1; std::getline(in, text); ++line) {
    if (text.ends_with("// AT " + name)) return line;
  }
  ADD_FAILURE() << "no line is marked AT " << name << " in " << source;
  return 0;
}

std::string BuildIdOf(const std::string& path) {
  const std::string notes = RunCommand("readelf -n '" + path + "' 2>/dev/null || true");
  const std::string key = "Build ID: ";
  const size_t at = notes.find(key);
  if (at == std::string::npos) return "";
  return notes.substr(at + key.size(), notes.find('\n', at) - at - key.size());
}

capture::ModuleInfo ModuleAt(const std::string& path, const std::string& build_id,
                             uint32_t number) {
  capture::ModuleInfo module;
  module.number = number;
  module.path = path;
  module.build_id = build_id;
  return module;
}

TemporaryDirectory::TemporaryDirectory() {
  char name[] = "/tmp/leaktrack_symbolize.XXXXXX";
  EXPECT_NE(mkdtemp(name), nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace leaktrack

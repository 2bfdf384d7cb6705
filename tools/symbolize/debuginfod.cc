// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/debuginfod.h"

#include <cstdlib>
#include <string>

#include "tools/symbolize/debuginfod_client.h"

namespace leaktrack {
namespace {

constexpr char kMostSeconds[] = "30";

}  // namespace

Debuginfod::Debuginfod() {
  const char* urls = getenv("DEBUGINFOD_URLS");
  if (urls == nullptr || *urls == 0) {
    problem_ =
        "--debuginfod: DEBUGINFOD_URLS names no server (export "
        "DEBUGINFOD_URLS=https://debuginfod.debian.net)";
    return;
  }
  // No word of this: the file that takes longer can be fetched by debuginfod-find.
  setenv("DEBUGINFOD_MAXTIME", kMostSeconds, 0);
  setenv("DEBUGINFOD_TIMEOUT", kMostSeconds, 0);
  client_ = OpenDebuginfodLibrary();
  if (client_ == nullptr) client_ = OpenDebuginfodProgram();
  if (client_ == nullptr)
    problem_ =
        "--debuginfod: neither libdebuginfod.so.1 nor debuginfod-find can be used here (Debian: "
        "apt-get install debuginfod)";
}

Debuginfod::~Debuginfod() = default;

std::string Debuginfod::Find(const std::string& build_id, Kind kind) {
  if (!problem_.empty()) return "";
  std::string path;
  const std::string problem = client_->Find(build_id, kind, path);
  if (!problem.empty()) problem_ = "--debuginfod: the servers could not be asked: " + problem;
  return path;
}

}  // namespace leaktrack

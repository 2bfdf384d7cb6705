// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/debuginfod.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace leaktrack {
namespace {

constexpr char kLibrary[] = "libdebuginfod.so.1";
constexpr char kMostSeconds[] = "30";

template <typename Function>
bool Bind(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

struct Debuginfod::Client {
  using Find = int(void* client, const unsigned char* build_id, int build_id_bytes, char** path);

  bool Open() {
    library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    return library != nullptr && Bind(library, "debuginfod_begin", begin) &&
           Bind(library, "debuginfod_end", end) &&
           Bind(library, "debuginfod_find_debuginfo", find_debuginfo) &&
           Bind(library, "debuginfod_find_executable", find_executable) &&
           (handle = begin()) != nullptr;
  }
  ~Client() {
    if (handle != nullptr) end(handle);
    // The library stays: it has started curl, which does not like to be unloaded.
  }

  void* library = nullptr;
  void* handle = nullptr;
  void* (*begin)() = nullptr;
  void (*end)(void*) = nullptr;
  Find* find_debuginfo = nullptr;
  Find* find_executable = nullptr;
};

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
  client_ = new Client;
  if (!client_->Open())
    problem_ = std::string("--debuginfod: ") + kLibrary +
               " cannot be loaded (Debian: apt-get install libdebuginfod1)";
}

Debuginfod::~Debuginfod() { delete client_; }

std::string Debuginfod::Find(const std::string& build_id, Kind kind) {
  if (!problem_.empty()) return "";
  char* path = nullptr;
  const auto* id = reinterpret_cast<const unsigned char*>(build_id.c_str());
  // Length 0: the build-id is text.
  const int result =
      (kind == Kind::kDebugInfo ? client_->find_debuginfo : client_->find_executable)(
          client_->handle, id, 0, &path);
  if (result >= 0) {
    close(result);
    std::string found = path == nullptr ? "" : path;
    free(path);
    return found;
  }
  if (result != -ENOENT)
    problem_ = std::string("--debuginfod: the servers could not be asked: ") + strerror(-result);
  return "";
}

}  // namespace leaktrack

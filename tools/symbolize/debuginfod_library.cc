// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "tools/symbolize/debuginfod_client.h"

namespace leaktrack {
namespace {

template <typename Function>
bool Bind(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

class Library : public DebuginfodClient {
 public:
  ~Library() override {
    if (handle_ != nullptr) end_(handle_);
    // The library stays: it has started curl, which does not like to be unloaded.
  }

  bool Open() {
    void* library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    return library != nullptr && Bind(library, "debuginfod_begin", begin_) &&
           Bind(library, "debuginfod_end", end_) &&
           Bind(library, "debuginfod_find_debuginfo", find_debuginfo_) &&
           Bind(library, "debuginfod_find_executable", find_executable_) &&
           (handle_ = begin_()) != nullptr;
  }

  std::string Find(const std::string& build_id, Kind kind, std::string& path) override {
    char* found = nullptr;
    const auto* id = reinterpret_cast<const unsigned char*>(build_id.c_str());
    // Length 0: the build-id is text.
    const int result =
        (kind == Kind::kDebugInfo ? find_debuginfo_ : find_executable_)(handle_, id, 0, &found);
    if (result < 0) return result == -ENOENT ? "" : strerror(-result);
    close(result);
    if (found != nullptr) path = found;
    free(found);
    return "";
  }

 private:
  using FindFunction = int(void*, const unsigned char* build_id, int build_id_bytes, char** path);

  void* handle_ = nullptr;
  void* (*begin_)() = nullptr;
  void (*end_)(void*) = nullptr;
  FindFunction* find_debuginfo_ = nullptr;
  FindFunction* find_executable_ = nullptr;
};

}  // namespace

std::unique_ptr<DebuginfodClient> OpenDebuginfodLibrary() {
  auto library = std::make_unique<Library>();
  if (!library->Open()) return nullptr;
  return library;
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/own_code.h"

#include <algorithm>
#include <cctype>

#include "tools/analysis/blame/wrappers.h"

namespace leaktrack {
namespace {

constexpr uint32_t kMainProgram = 1;  // the first of the module map
constexpr size_t kShortestStem = 3, kTellingStem = 4;

// Where systems and package managers keep what many programs share.
constexpr std::string_view kLibraryFolders[] = {
    "/lib/",         "/lib32/",         "/lib64/",           "/libx32/",
    "/usr/lib/",     "/usr/lib32/",     "/usr/lib64/",       "/usr/libx32/",
    "/usr/libexec/", "/usr/local/lib/", "/usr/local/lib64/", "/nix/store/",
    "/gnu/store/",   "[vdso]",          "linux-vdso"};

// Folders of programs of many packages.
constexpr std::string_view kSharedFolders[] = {"/",           "/usr/",           "/bin/",
                                               "/sbin/",      "/usr/bin/",       "/usr/sbin/",
                                               "/usr/local/", "/usr/local/bin/", "/usr/local/sbin/",
                                               "/opt/",       "/home/",          "/usr/libexec/",
                                               "/usr/games/", "/tmp/",           "/usr/lib/"};

bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view FolderOf(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

bool IsShared(std::string_view folder) {
  return std::ranges::find(kSharedFolders, folder) != std::end(kSharedFolders);
}

// "/opt/app/bin/" belongs to "/opt/app/".
std::string PackageFolder(std::string_view executable) {
  std::string_view folder = FolderOf(executable);
  for (const std::string_view programs : {"bin/", "sbin/", "libexec/"}) {
    if (folder.size() > programs.size() && folder.ends_with(programs) &&
        folder[folder.size() - programs.size() - 1] == '/') {
      folder.remove_suffix(programs.size());
      break;
    }
  }
  return IsShared(folder) ? "" : std::string(folder);
}

// "redis-server" -> "redis", "python3.11" -> "python".
std::string StemOf(std::string_view executable) {
  const std::string_view name = BaseName(executable);
  const auto end = std::ranges::find_if_not(name, IsLetter);
  std::string stem(name.begin(), end);
  return stem.size() < kShortestStem ? "" : stem;
}

bool BeginsWithStem(std::string_view name, std::string_view stem) {
  if (!name.starts_with(stem)) return false;
  return stem.size() >= kTellingStem || name.size() == stem.size() || !IsLetter(name[stem.size()]);
}

// "libruby-3.1.so" is named after ruby, libgpg-error.so is not named after gpg.
bool IsNamedAfter(std::string_view file, std::string_view stem) {
  if (file.starts_with("lib")) file.remove_prefix(3);
  if (!BeginsWithStem(file, stem)) return false;
  const std::string_view rest = file.substr(stem.size());
  return !(rest.size() > 1 && rest[0] == '-' && IsLetter(rest[1]));
}

bool AnyFolderIsNamedAfter(std::string_view path, std::string_view stem) {
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    if (BeginsWithStem(path.substr(0, slash), stem)) return true;
    path.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace

std::string ExecutableOf(const capture::Capture& capture) {
  const auto main = std::ranges::find_if(
      capture.modules, [](const auto& module) { return module.number == kMainProgram; });
  return main == capture.modules.end() ? "" : main->path;
}

OwnCode::OwnCode(std::string_view executable)
    : executable_(executable), folder_(PackageFolder(executable)), stem_(StemOf(executable)) {}

OwnCode::OwnCode(const capture::Capture& capture) : OwnCode(ExecutableOf(capture)) {
  for (const capture::ModuleInfo& module : capture.modules)
    roles_.try_emplace(module.path, Judge(module.path));
}

bool OwnCode::IsOfItsPackage(std::string_view path) const {
  if (path == executable_ || (!folder_.empty() && path.starts_with(folder_))) return true;
  return !stem_.empty() &&
         (IsNamedAfter(BaseName(path), stem_) || AnyFolderIsNamedAfter(path, stem_));
}

// A library that everybody uses is the program's own where the program is little else: curl.
bool OwnCode::IsLibraryOfItsName(std::string_view file) const {
  const std::string_view name = WithoutVersion(BaseName(executable_));
  return !stem_.empty() && name == stem_ && IsNamedAfter(file, stem_);
}

ModuleRole OwnCode::Judge(std::string_view path) const {
  const std::string_view file = BaseName(path);
  if (IsRuntimeModule(file)) return ModuleRole::kRuntime;
  const bool is_host = IsHost(file);
  if (executable_.empty() || path == executable_)
    return is_host ? ModuleRole::kHost : ModuleRole::kOwn;
  const bool of_package = IsOfItsPackage(path);
  if (is_host) {
    return of_package && IsHost(BaseName(executable_)) ? ModuleRole::kHost : ModuleRole::kLibrary;
  }
  if (IsKnownLibrary(file))
    return IsLibraryOfItsName(file) ? ModuleRole::kOwn : ModuleRole::kLibrary;
  const bool shared = std::ranges::any_of(
      kLibraryFolders, [&](std::string_view folder) { return path.starts_with(folder); });
  return of_package || !shared ? ModuleRole::kOwn : ModuleRole::kLibrary;
}

ModuleRole OwnCode::RoleOf(const ResolvedFrame& frame) const {
  // Code that was made as the program ran is the program, where somebody says what it is called.
  if (frame.module.empty()) {
    return executable_.empty() || !frame.function.empty() ? ModuleRole::kOwn : ModuleRole::kLibrary;
  }
  const auto known = roles_.find(frame.module);
  return known != roles_.end() ? known->second : Judge(frame.module);
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/build_id_index.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>

#include "tools/symbolize/elf_file.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 3;

using Index = std::map<std::string, std::vector<std::string>>;

Index Read(const std::string& directory) {
  Index index;
  std::error_code error, ignored;
  size_t files = 0;
  fs::recursive_directory_iterator it(directory, fs::directory_options::skip_permission_denied,
                                      error),
      end;
  for (; !error && it != end && files < kMostIndexedFiles; it.increment(error)) {
    if (it.depth() >= kDeepest) it.disable_recursion_pending();
    if (!it->is_regular_file(ignored)) continue;
    ++files;
    std::string why;
    const std::unique_ptr<ElfFile> file = ElfFile::Open(it->path().string(), &why);
    if (file != nullptr && !file->build_id().empty())
      index[file->build_id()].push_back(it->path().string());
  }
  for (auto& [id, paths] : index) std::sort(paths.begin(), paths.end());
  return index;
}

}  // namespace

std::vector<std::string> FilesWithBuildId(const std::string& directory,
                                          const std::string& build_id) {
  static std::map<std::string, Index> directories;
  if (build_id.empty()) return {};
  const auto [at, fresh] = directories.try_emplace(directory);
  if (fresh) at->second = Read(directory);
  const auto found = at->second.find(build_id);
  return found == at->second.end() ? std::vector<std::string>() : found->second;
}

}  // namespace leaktrack

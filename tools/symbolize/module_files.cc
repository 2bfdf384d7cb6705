// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/module_files.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/symbolize/build_id_index.h"
#include "tools/symbolize/debuginfod.h"

namespace leaktrack {
namespace {

constexpr char kSystemDebugDirectory[] = "/usr/lib/debug";

// What /proc/self/maps appends to the path of a file that was unlinked or replaced while mapped.
std::string WithoutDeleted(std::string path) {
  constexpr std::string_view kSuffix = " (deleted)";
  if (path.ends_with(kSuffix)) path.resize(path.size() - kSuffix.size());
  return path;
}

std::string Directory(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string Base(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// A build-id comes from a hostile file too: only hex may become part of a path.
bool UsableInPath(const std::string& build_id) {
  return build_id.size() >= 4 &&
         build_id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string BuildIdPath(const std::string& root, const std::string& id, const char* suffix) {
  return root + "/.build-id/" + id.substr(0, 2) + "/" + id.substr(2) + suffix;
}

class Finder {
 public:
  Finder(const capture::ModuleInfo& module, const SymbolizerOptions& options)
      : module_(module),
        path_(WithoutDeleted(module.path)),
        options_(options),
        roots_(options.debug_dirs) {
    if (!options.sysroot.empty()) roots_.push_back(options.sysroot + kSystemDebugDirectory);
    roots_.push_back(kSystemDebugDirectory);
  }

  ModuleFiles Find() {
    ModuleFiles files;
    files.main = FindMain();
    files.problem = problem_;
    if (files.main == nullptr || !files.main->has_debug_info())
      files.debug = FindDebug(files.main.get());
    if (files.dwarf() == nullptr && options_.debuginfod && UsableInPath(module_.build_id))
      Fetch(files);
    if (files.main == nullptr && files.problem.empty()) files.problem = "file not found";
    return files;
  }

 private:
  std::unique_ptr<ElfFile> FindMain() {
    std::vector<std::string> candidates;
    if (!options_.sysroot.empty()) candidates.push_back(options_.sysroot + path_);
    candidates.push_back(path_);
    // Of a container only what is surely the file: its paths mean something else here.
    if (!options_.process_root.empty() && !module_.build_id.empty())
      candidates.push_back(options_.process_root + path_);
    for (const std::string& directory : options_.debug_dirs) {
      candidates.push_back(directory + path_);
      candidates.push_back(directory + "/" + Base(path_));
    }
    if (UsableInPath(module_.build_id)) {
      for (const std::string& root : roots_)
        candidates.push_back(BuildIdPath(root, module_.build_id, ""));
      for (const std::string& root : options_.debug_dirs) {
        candidates.push_back(root + "/" + module_.build_id + "/executable");
      }
    }
    for (const std::string& candidate : candidates) {
      if (std::unique_ptr<ElfFile> file = TryMain(candidate)) return file;
    }
    for (const std::string& candidate : Piled()) {
      std::unique_ptr<ElfFile> file = TryMain(candidate);
      if (file != nullptr && !file->has_symtab() && !file->has_debug_info())
        return file;  // else FindDebug takes it
    }
    return nullptr;
  }

  // In the directories that the user named, under any name.
  std::vector<std::string> Piled() const {
    std::vector<std::string> all;
    for (const std::string& directory : options_.debug_dirs) {
      for (std::string& path : FilesWithBuildId(directory, module_.build_id))
        all.push_back(std::move(path));
    }
    return all;
  }

  // The first problem met is the one to tell: it concerns the path the user knows.
  std::unique_ptr<ElfFile> TryMain(const std::string& candidate) {
    std::string error;
    std::unique_ptr<ElfFile> file = ElfFile::Open(candidate, &error);
    if (file == nullptr) {
      if (!error.empty()) Note(error);
      return nullptr;
    }
    if (file->build_id() != module_.build_id) {
      Note("file on disk is another build (" +
           (file->build_id().empty() ? "no build-id" : file->build_id()) + ")");
      return nullptr;
    }
    problem_.clear();
    if (module_.build_id.empty() && file->inode() != module_.inode)
      problem_ = "no build-id: cannot be sure of the file";
    return file;
  }

  std::unique_ptr<ElfFile> FindDebug(const ElfFile* main) const {
    std::vector<std::string> candidates;
    if (UsableInPath(module_.build_id)) {
      for (const std::string& root : roots_)
        candidates.push_back(BuildIdPath(root, module_.build_id, ".debug"));
      for (const std::string& root : options_.debug_dirs) {
        candidates.push_back(root + "/" + module_.build_id + "/debuginfo");
      }
    }
    const DebugLink link = main == nullptr ? DebugLink() : main->debug_link();
    if (!link.name.empty()) AddLinkCandidates(Directory(main->path()), link.name, &candidates);
    for (const std::string& root : roots_) {
      for (const std::string& name :
           {path_ + ".debug", "/" + Base(path_) + ".debug", path_, "/" + Base(path_)}) {
        candidates.push_back(root + name);
      }
    }
    std::unique_ptr<ElfFile> file = FirstDebug(candidates, link);
    return file != nullptr ? std::move(file) : FirstDebug(Piled(), link);
  }

  std::unique_ptr<ElfFile> FirstDebug(const std::vector<std::string>& candidates,
                                      const DebugLink& link) const {
    for (const std::string& candidate : candidates) {
      std::string error;
      std::unique_ptr<ElfFile> file = ElfFile::Open(candidate, &error);
      if (file != nullptr && (file->has_debug_info() || file->has_symtab()) && Belongs(*file, link))
        return file;
    }
    return nullptr;
  }

  // From the servers that the user named.
  void Fetch(ModuleFiles& files) {
    static Debuginfod servers;
    const std::string debug = servers.Find(module_.build_id, Debuginfod::Kind::kDebugInfo);
    std::string error;
    std::unique_ptr<ElfFile> file = debug.empty() ? nullptr : ElfFile::Open(debug, &error);
    if (file != nullptr && file->build_id() == module_.build_id) files.debug = std::move(file);
    if (files.main == nullptr && files.debug == nullptr) {
      const std::string main = servers.Find(module_.build_id, Debuginfod::Kind::kExecutable);
      if (!main.empty()) files.main = TryMain(main);
      if (files.main != nullptr) files.problem = problem_;
    }
    if (files.dwarf() == nullptr) files.fetch_problem = servers.problem();
  }

  void AddLinkCandidates(const std::string& main_directory, const std::string& name,
                         std::vector<std::string>* candidates) const {
    candidates->push_back(main_directory + "/" + name);
    candidates->push_back(main_directory + "/.debug/" + name);
    for (const std::string& root : roots_) {
      candidates->push_back(absl::StrCat(root, Directory(path_), "/", name));
      candidates->push_back(absl::StrCat(root, "/", name));
    }
  }

  bool Belongs(const ElfFile& debug, const DebugLink& link) const {
    if (!module_.build_id.empty()) return debug.build_id() == module_.build_id;
    return debug.build_id().empty() && !link.name.empty() && Base(debug.path()) == link.name &&
           debug.Crc32() == link.crc;
  }

  void Note(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }

  const capture::ModuleInfo& module_;
  const std::string path_;
  const SymbolizerOptions& options_;
  std::vector<std::string> roots_;
  std::string problem_;
};

}  // namespace

ModuleFiles FindModuleFiles(const capture::ModuleInfo& module, const SymbolizerOptions& options) {
  return Finder(module, options).Find();
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/program_checks.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/inspect/elf_facts.h"
#include "tools/symbolize/module_files.h"

namespace leaktrack {
namespace {

bool Blocked(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& one) { return one.level == Level::kBlocker; });
}

Finding Architecture(const ElfFacts& facts) {
  if (facts.is_x86_64) return {Level::kOk, "architecture", "is an x86-64 program", ""};
  return {Level::kBlocker, "architecture",
          "is not an x86-64 program: the library cannot be loaded into it",
          "use a 64-bit x86 build"};
}

Finding Linkage(const ElfFacts& facts) {
  if (facts.is_go && facts.loader.empty()) {
    return {Level::kBlocker, "linkage",
            "is a statically linked Go program: nothing can be preloaded",
            "use Go's own heap profile; C code in it can be tracked when it is built with "
            "CGO_ENABLED=1 -linkmode external"};
  }
  if (facts.loader.empty()) {
    return {Level::kBlocker, "linkage", "is statically linked: nothing can be preloaded",
            "link it dynamically to track it"};
  }
  if (facts.is_go) {
    return {Level::kWarning, "linkage",
            "is a Go program: Go's own heap does not come from malloc, only its C parts are seen",
            "use Go's own heap profile for the rest"};
  }
  return {Level::kOk, "linkage", "is dynamically linked", ""};
}

Finding CLibrary(const ElfFacts& facts) {
  if (facts.loader.find("ld-musl") != std::string::npos) {
    return {Level::kOk, "libc", absl::StrCat("uses musl (", facts.loader, ")"), ""};
  }
  if (facts.loader.find("ld-linux") == std::string::npos) {
    return {
        Level::kWarning, "libc",
        absl::StrCat("is loaded by ", facts.loader, ", which does not look like glibc's loader"),
        "try it: if the library cannot be loaded, the loader says so and the program runs on "
        "untracked"};
  }
  return {Level::kOk, "libc", absl::StrCat("uses glibc (", facts.loader, ")"), ""};
}

Finding Privileges(const std::string& file) {
  const char* way_out = "track a copy without these rights, or run the program as that user";
  const auto blocked = [&](const char* kind) {
    return Finding{Level::kBlocker, "privileges",
                   absl::StrCat(kind, ": the loader ignores LD_PRELOAD"), way_out};
  };
  struct stat info {};
  if (stat(file.c_str(), &info) != 0)
    return {Level::kNote, "privileges", "has permissions that could not be read", ""};
  if ((info.st_mode & S_ISUID) != 0 && info.st_uid != geteuid()) return blocked("is setuid");
  if ((info.st_mode & S_ISGID) != 0 && info.st_gid != getegid()) return blocked("is setgid");
  if (geteuid() != 0 && getxattr(file.c_str(), "security.capability", nullptr, 0) > 0)
    return blocked("has file capabilities");
  return {Level::kOk, "privileges",
          "has no set-id bits or capabilities that would forbid a preload", ""};
}

Finding Allocator(const ElfFacts& facts) {
  const std::string name = facts.allocator == capture::Allocator::kUnknown
                               ? "its own malloc"
                               : capture::AllocatorName(facts.allocator);
  if (facts.exports_malloc) {
    return {Level::kBlind, "allocator",
            absl::StrCat(
                "has ", name,
                " linked into it: its calls never leave the program, only its mappings are seen"),
            "link the allocator as a shared library, or preload it, instead of linking it in"};
  }
  if (!facts.prefixed_allocator.empty()) {
    return {Level::kWarning, "allocator",
            absl::StrCat("contains ", facts.prefixed_allocator,
                         ": its blocks are not seen, only its mappings"),
            "build without it (in Rust: the system allocator) to see single blocks"};
  }
  for (const std::string& library : facts.needed) {
    const capture::Allocator allocator = capture::AllocatorOfLibrary(library);
    if (allocator == capture::Allocator::kUnknown) continue;
    // libtbbmalloc_proxy replaces malloc. libtbbmalloc has only entry points of its own.
    if (allocator == capture::Allocator::kTbb && library.find("proxy") == std::string::npos) {
      return {Level::kWarning, "allocator",
              absl::StrCat("may call scalable_malloc of ", library,
                           ": its blocks are not seen, only its mappings"),
              "call malloc instead to see single blocks"};
    }
    return {Level::kOk, "allocator", absl::StrCat("allocates from ", library, ", which is seen"),
            ""};
  }
  return {Level::kOk, "allocator", "has no allocator of its own, as far as its symbols tell", ""};
}

Finding Sanitizer(const ElfFacts& facts) {
  if (facts.sanitizer.empty())
    return {Level::kOk, "sanitizer", "was not built with a sanitizer", ""};
  return {Level::kBlocker, "sanitizer",
          absl::StrCat("was built with ", facts.sanitizer, ", which owns malloc itself"),
          "build without the sanitizer to track it"};
}

Finding Symbols(const ElfFacts& facts, const std::string& path, const std::string& root) {
  capture::ModuleInfo module;
  module.path = path;
  module.build_id = facts.build_id;
  SymbolizerOptions options;
  options.sysroot = root;
  if (facts.has_debug_info || FindModuleFiles(module, options).dwarf() != nullptr) {
    return {Level::kOk, "symbols", "has debug information: functions and lines will be named", ""};
  }
  const std::string remedy = absl::StrCat(
      "install its -dbgsym package (Debian) or build with -g; the report can be made later, "
      "elsewhere",
      facts.build_id.empty() ? "" : absl::StrCat(" (build-id ", facts.build_id, ")"));
  if (facts.has_symtab)
    return {Level::kNote, "symbols", "has function names, but no line numbers", remedy};
  return {Level::kNote, "symbols", "is stripped: only exported functions can be named", remedy};
}

}  // namespace

Findings CheckProgramFile(const std::string& path, const std::string& root,
                          const std::string& other_path) {
  const std::string file = other_path.empty() ? root + path : other_path;
  const ElfFacts facts = ReadElfFacts(file);
  if (!facts.is_elf) {
    return {{Level::kNote, "architecture",
             "is not a readable ELF program: it is unknown what runs it",
             "examine the program that runs it (a shell, java, qemu ...)"}};
  }
  Findings findings{Architecture(facts)};
  if (Blocked(findings)) return findings;
  findings.push_back(Linkage(facts));
  if (Blocked(findings)) return findings;
  for (Finding& one : Findings{CLibrary(facts), Privileges(file), Allocator(facts),
                               Sanitizer(facts), Symbols(facts, path, root)}) {
    findings.push_back(std::move(one));
  }
  return findings;
}

std::string FirstOf(Level level, const Findings& findings, const std::string& path) {
  for (const Finding& one : findings) {
    if (one.level == level) return absl::StrCat(path, " ", one.what, "; ", one.remedy);
  }
  return "";
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/frame_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "libtrack/capture/read/seal.h"
#include "tools/base/replace_file.h"
#include "tools/base/user_files.h"
#include "tools/symbolize/seal.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr char kVersion[] = "names-1";  // raise it when the same file would be read otherwise
constexpr char kSuffix[] = ".names";
constexpr size_t kLeastDigits = 16;  // shorter ids are made up by hand, and come twice
constexpr size_t kMostDigits = 128;
constexpr size_t kMostFileBytes = capture::kMostPackedSealBytes + sizeof(capture::SealTrailer);
constexpr uint32_t kModule = 1;      // the one number in a file for one module

bool IsOurs(const std::string& directory) {
  struct stat status {};
  return lstat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

void RemoveOldest(const std::string& directory) {
  std::error_code ignored;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    files.emplace_back(entry.last_write_time(ignored), entry.path());
  }
  if (files.size() <= FrameStore::kMostFiles) return;
  std::sort(files.begin(), files.end());
  files.resize(files.size() - FrameStore::kMostFiles);
  for (const auto& [time, path] : files) fs::remove(path, ignored);
}

}  // namespace

FrameStore FrameStore::For(const SymbolizerOptions& options) {
  const std::string cache = options.forget_names ? "" : UserDirectory("XDG_CACHE_HOME", ".cache");
  return FrameStore(cache.empty() ? "" : cache + "/" + kVersion);
}

std::string FrameStore::FileOf(const std::string& build_id) const {
  const bool is_hex = build_id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (directory_.empty() || !is_hex || build_id.size() < kLeastDigits || build_id.size() > kMostDigits) return "";
  return directory_ + "/" + build_id + kSuffix;
}

FramesByAddress FrameStore::Load(const std::string& path, const std::string& build_id) const {
  const std::string name = FileOf(build_id);
  if (name.empty() || !IsOurs(directory_)) return {};
  const std::string packed = ReadAtMost(name, kMostFileBytes);
  const capture::SealedFile parts = capture::SplitSeal({reinterpret_cast<const uint8_t*>(packed.data()), packed.size()});
  const capture::ModuleInfo module{.number = kModule, .path = path, .build_id = build_id};
  std::optional<Seal> seal = ReadSeal(parts.text, {&module, 1});
  FramesByAddress frames;
  if (!seal) return frames;
  for (auto& [frame, functions] : seal->frames) {
    if (capture::FrameModule(frame) == kModule) frames.emplace(capture::FrameAddress(frame), std::move(functions));
  }
  return frames;
}

void FrameStore::Save(const std::string& build_id, const FramesByAddress& frames) const {
  const std::string name = FileOf(build_id);
  if (name.empty()) return;
  std::error_code failed;
  fs::create_directories(directory_, failed);
  if (failed || !IsOurs(directory_)) return;
  fs::permissions(directory_, fs::perms::owner_all, failed);  // names of confidential code are nobody else's
  Seal seal;
  for (const auto& [address, functions] : frames) seal.frames.emplace(capture::MakeFrame(kModule, address), functions);
  const std::vector<uint8_t> bytes = capture::PackSeal(WriteSeal(seal));
  if (bytes.empty()) return;
  (void)ReplaceFile(name, "", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});  // else the next report reads the file again
  RemoveOldest(directory_);
}

}  // namespace leaktrack

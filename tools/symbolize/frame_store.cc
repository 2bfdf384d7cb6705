// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/frame_store.h"

#include <algorithm>
#include <tuple>

#include "libtrack/capture/read/seal.h"
#include "tools/base/notice.h"
#include "tools/base/user_files.h"
#include "tools/symbolize/seal.h"

namespace leaktrack {
namespace {

constexpr char kVersion[] = "names-1";  // raise it when the same file would be read otherwise
constexpr char kSuffix[] = ".names";
constexpr size_t kLeastDigits = 16;  // shorter ids are made up by hand, and come twice
constexpr size_t kMostDigits = 128;
constexpr size_t kMostFileBytes = capture::kMostPackedSealBytes + sizeof(capture::SealTrailer);
constexpr uint32_t kModule = 1;  // the one number in a file for one module

bool IsBefore(const timespec& a, const timespec& b) {
  return std::tie(a.tv_sec, a.tv_nsec) < std::tie(b.tv_sec, b.tv_nsec);
}

// What is not called as ours are stays, whoever put it there.
void RemoveOldest(const PrivateDirectory& directory) {
  std::vector<PrivateDirectory::File> files = directory.Files();
  std::erase_if(files, [](const PrivateDirectory::File& file) {
    return file.name.find(kSuffix) == std::string::npos;
  });
  if (files.size() <= FrameStore::kMostFiles) return;
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return IsBefore(a.changed, b.changed); });
  files.resize(files.size() - FrameStore::kMostFiles);
  for (const PrivateDirectory::File& file : files) directory.Remove(file.name);
}

}  // namespace

FrameStore FrameStore::For(const SymbolizerOptions& options) {
  const std::string cache = options.forget_names ? "" : UserDirectory("XDG_CACHE_HOME", ".cache");
  return FrameStore(cache.empty() ? "" : cache + "/" + kVersion);
}

std::string FrameStore::FileOf(const std::string& build_id) const {
  const bool is_hex = build_id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (directory_.empty() || !is_hex || build_id.size() < kLeastDigits ||
      build_id.size() > kMostDigits)
    return "";
  return build_id + kSuffix;
}

std::optional<PrivateDirectory> FrameStore::Open(PrivateDirectory::Missing missing) const {
  absl::StatusOr<PrivateDirectory> directory = PrivateDirectory::Open(directory_, missing);
  if (directory.ok()) return *std::move(directory);
  if (absl::IsFailedPrecondition(directory.status())) {
    const absl::string_view why = directory.status().message();
    SayNothingIsKept({why.data(), why.size()});
  }
  return std::nullopt;
}

FramesByAddress FrameStore::Load(const std::string& path, const std::string& build_id) const {
  const std::string name = FileOf(build_id);
  if (name.empty()) return {};
  const std::optional<PrivateDirectory> directory = Open(PrivateDirectory::Missing::kLeave);
  if (!directory) return {};
  const std::string packed = directory->Read(name, kMostFileBytes);
  const capture::SealedFile parts =
      capture::SplitSeal({reinterpret_cast<const uint8_t*>(packed.data()), packed.size()});
  const capture::ModuleInfo module{.number = kModule, .path = path, .build_id = build_id};
  std::optional<Seal> seal = ReadSeal(parts.text, {&module, 1});
  FramesByAddress frames;
  if (!seal) return frames;
  for (auto& [frame, functions] : seal->frames) {
    if (capture::FrameModule(frame) == kModule)
      frames.emplace(capture::FrameAddress(frame), std::move(functions));
  }
  return frames;
}

void FrameStore::Save(const std::string& build_id, const FramesByAddress& frames) const {
  const std::string name = FileOf(build_id);
  if (name.empty()) return;
  const std::optional<PrivateDirectory> directory = Open(PrivateDirectory::Missing::kMake);
  if (!directory) return;
  Seal seal;
  for (const auto& [address, functions] : frames)
    seal.frames.emplace(capture::MakeFrame(kModule, address), functions);
  const std::vector<uint8_t> bytes = capture::PackSeal(WriteSeal(seal));
  if (bytes.empty()) return;
  (void)directory->Replace(name, {reinterpret_cast<const char*>(bytes.data()),
                                  bytes.size()});  // else the next report reads the file again
  RemoveOldest(*directory);
}

}  // namespace leaktrack

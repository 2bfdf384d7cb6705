// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/unpack.h"

#include <fcntl.h>
#include <lz4frame.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kPiece = 1 << 20, kPage = 4096;

// Takes what comes, and leaves out pages of zeros.
class SparseFile {
 public:
  SparseFile(int fd, uint64_t most) : fd_(fd), most_(most) {}

  absl::Status Append(const char* bytes, size_t size) {
    static const char zeros[kPage] = {};
    while (size > 0) {
      const size_t part = std::min(size, kPage - static_cast<size_t>(at_ % kPage));
      if (at_ + part > most_)
        return absl::ResourceExhaustedError("unpacked, it is larger than there is room for");
      if (memcmp(bytes, zeros, part) != 0 &&
          pwrite(fd_, bytes, part, static_cast<off_t>(at_)) != static_cast<ssize_t>(part))
        return absl::ResourceExhaustedError(absl::StrCat("unpacking it failed: ", strerror(errno)));
      at_ += part;
      bytes += part;
      size -= part;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() {
    if (ftruncate(fd_, static_cast<off_t>(at_)) != 0)
      return absl::ResourceExhaustedError(absl::StrCat("unpacking it failed: ", strerror(errno)));
    return absl::OkStatus();
  }

 private:
  const int fd_;
  const uint64_t most_;
  uint64_t at_ = 0;
};

absl::Status Damaged(const char* why) {
  return absl::DataLossError(absl::StrCat("the packed file is damaged: ", why));
}

absl::Status UnpackZstd(int fd, SparseFile& to) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
  std::vector<char> packed(kPiece), plain(kPiece);
  ssize_t got = 0;
  size_t left = 0;
  while ((got = read(fd, packed.data(), packed.size())) > 0) {
    ZSTD_inBuffer in{packed.data(), static_cast<size_t>(got), 0};
    while (in.pos < in.size) {
      ZSTD_outBuffer out{plain.data(), plain.size(), 0};
      left = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(left)) return Damaged(ZSTD_getErrorName(left));
      if (absl::Status status = to.Append(plain.data(), out.pos); !status.ok()) return status;
    }
  }
  return left == 0 ? absl::OkStatus() : Damaged("it ends too early");
}

absl::Status UnpackLz4(int fd, SparseFile& to) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)))
    return absl::ResourceExhaustedError("there is no memory to unpack it");
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
      made, LZ4F_freeDecompressionContext);
  std::vector<char> packed(kPiece), plain(kPiece);
  ssize_t got = 0;
  size_t left = 0;
  while ((got = read(fd, packed.data(), packed.size())) > 0) {
    size_t at = 0, out = 1;
    while (at < static_cast<size_t>(got) || out == plain.size()) {
      size_t in = static_cast<size_t>(got) - at;
      out = plain.size();
      left = LZ4F_decompress(context.get(), plain.data(), &out, packed.data() + at, &in, nullptr);
      if (LZ4F_isError(left)) return Damaged(LZ4F_getErrorName(left));
      if (absl::Status status = to.Append(plain.data(), out); !status.ok()) return status;
      at += in;
      if (in == 0 && out == 0) break;
    }
  }
  return left == 0 ? absl::OkStatus() : Damaged("it ends too early");
}

}  // namespace

Packing PackingOf(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Packing::kZstd;
  if (first_bytes.starts_with("\x04\x22\x4d\x18")) return Packing::kLz4;
  return Packing::kNone;
}

absl::StatusOr<int> Unpack(int fd, Packing packing, uint64_t most) {
  const char* const chosen = getenv("TMPDIR");
  const std::string directory = chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
  const int to = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (to < 0) {
    return absl::UnavailableError(absl::StrCat("there is no place to unpack it in ", directory,
                                               ": ", strerror(errno), "; set TMPDIR"));
  }
  struct statvfs room {};
  if (fstatvfs(to, &room) == 0)
    most = std::min<uint64_t>(most, uint64_t{room.f_bavail} * room.f_frsize / 2 + (64 << 20));
  SparseFile file(to, most);
  absl::Status status = lseek(fd, 0, SEEK_SET) != 0
                            ? absl::InvalidArgumentError("not a regular file")
                        : packing == Packing::kZstd ? UnpackZstd(fd, file)
                                                    : UnpackLz4(fd, file);
  if (status.ok()) status = file.Finish();
  if (status.ok()) return to;
  close(to);
  return status;
}

}  // namespace leaktrack::witness

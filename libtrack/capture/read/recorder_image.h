// SPDX-License-Identifier: Apache-2.0
//
// A private copy of a flight recorder.
//
// Why a copy: the file may shrink or change while it is read, which would mean SIGBUS or checks
// that no longer hold. And reading a hole of a tmpfs mapping would allocate the hole. Only pages
// that exist are copied.
//
// Thread-safety: none. Used by tools and tests, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_RECORDER_IMAGE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_RECORDER_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/capture/write/recorder_view.h"

namespace leaktrack::capture {

// Identifies the file and its owner: a name in /dev/shm may be another file a moment later.
struct RecorderFileId {
  uint64_t device = 0, inode = 0;
  uint32_t owner = ~uint32_t{0};
  friend bool operator==(const RecorderFileId&, const RecorderFileId&) = default;
};
RecorderFileId IdOf(int fd);

class RecorderImage {
 public:
  RecorderImage() = default;
  ~RecorderImage();
  RecorderImage(const RecorderImage&) = delete;
  RecorderImage& operator=(const RecorderImage&) = delete;

  // False with a reason: no such file, not a recorder, or another version.
  bool Load(const std::string& path, std::string* why);
  bool LoadBytes(const void* bytes, size_t size, std::string* why);  // tests, fuzzing

  bool loaded() const { return view_.header() != nullptr; }
  const RecorderView& view() const { return view_; }
  RecorderHeader* header() const { return view_.header(); }
  size_t bytes() const { return bytes_; }
  const RecorderFileId& file() const { return file_; }

 private:
  bool Reserve(uint64_t size, std::string* why);
  bool Check(std::string* why);

  void* memory_ = nullptr;
  size_t bytes_ = 0;
  RecorderFileId file_;
  RecorderView view_;
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_RECORDER_IMAGE_H_

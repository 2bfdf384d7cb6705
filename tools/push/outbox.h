// SPDX-License-Identifier: Apache-2.0
//
// Profiles that wait to be sent: in memory, or in a directory, so that nothing is lost when the
// program or the machine starts anew.
//
// Promises: a profile leaves the box when it was taken or refused, and not before. The box is
// bounded; the oldest makes room for the newest, and is counted. Files are written as a whole, and
// readable by their user alone; what is no file of ours is left alone.
// Limits: two programs that send from one directory at the same time may send a profile twice.
//
// Thread-safety: one thread at a time.
#ifndef LEAKTRACK_TOOLS_PUSH_OUTBOX_H_
#define LEAKTRACK_TOOLS_PUSH_OUTBOX_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/base/private_directory.h"
#include "tools/push/endpoint.h"
#include "tools/push/http_post.h"

namespace leaktrack::push {

inline constexpr size_t kMostWaitingBytes = size_t{64} << 20;

struct Delivery {
  size_t sent = 0, refused = 0, waiting = 0, dropped = 0;  // profiles
  std::vector<std::string> problems;                       // one line for each different one
};

// How hard to try: so many times, with pauses that double from `first_pause`, or are as long as the
// server says, and never longer than `longest_pause`.
struct Patience {
  int attempts = 5;
  std::chrono::milliseconds timeout{10'000}, first_pause{500}, longest_pause{30'000};
};

class Outbox {
 public:
  // Empty: in memory. A directory that does not exist is made.
  static absl::StatusOr<Outbox> Open(const std::string& directory,
                                     size_t most_bytes = kMostWaitingBytes);

  absl::Status Add(const Post& post);

  // Sends what waits, the oldest first. A server that cannot be reached, is too busy (429) or fails
  // (5xx) is tried again; what waits for it stays in the box after that. Another refusal (4xx) is
  // final. `stop`: true ends it early; may be empty.
  Delivery Deliver(const Patience& patience, const std::function<bool()>& stop = {});

 private:
  using Key = std::string;  // names sort by time

  Outbox(std::optional<PrivateDirectory> directory, size_t most_bytes);
  void Drop(const Key& key);
  void MakeRoom(size_t bytes);
  std::optional<Post> Load(const Key& key) const;

  std::optional<PrivateDirectory> directory_;
  size_t most_bytes_, bytes_ = 0, dropped_ = 0;
  uint64_t added_ = 0;
  std::map<Key, size_t> sizes_;
  std::map<Key, std::string> memory_;  // where there is no directory
};

}  // namespace leaktrack::push

#endif  // LEAKTRACK_TOOLS_PUSH_OUTBOX_H_

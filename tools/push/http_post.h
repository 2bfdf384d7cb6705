// SPDX-License-Identifier: Apache-2.0
//
// One POST over HTTP/1.1, on a connection of its own.
//
// Promises: bounded in time, whatever the server does, and in what is read of the answer.
// Thread-safety: yes.
#ifndef LEAKTRACK_TOOLS_PUSH_HTTP_POST_H_
#define LEAKTRACK_TOOLS_PUSH_HTTP_POST_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "tools/push/endpoint.h"

namespace leaktrack::push {

struct Answer {
  int status = 0;
  std::string text;             // its beginning
  int retry_after_seconds = 0;  // 0: not told
};

// Errors are those of the network: kUnavailable (refused, closed, no such host), kDeadlineExceeded.
absl::StatusOr<Answer> Send(const Post& post, std::chrono::milliseconds timeout);

}  // namespace leaktrack::push

#endif  // LEAKTRACK_TOOLS_PUSH_HTTP_POST_H_

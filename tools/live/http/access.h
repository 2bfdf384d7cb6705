// SPDX-License-Identifier: Apache-2.0
//
// Who may see what.
//
// What: on loopback and unix sockets, everybody who can reach them, unless a token was given;
// beyond loopback, only with the token. /health and /ready give everybody a status code, and
// without a token nothing else: probes have no secret. Why the Host header: a page in a browser can
// make its own name resolve to 127.0.0.1 and read what loopback answers. So loopback answers only
// to names of loopback. Promises: pure. Tokens are compared in a time that does not tell how much
// of one was right.
#ifndef LEAKTRACK_TOOLS_LIVE_HTTP_ACCESS_H_
#define LEAKTRACK_TOOLS_LIVE_HTTP_ACCESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tools/live/http/message.h"

namespace leaktrack::live {

enum class Reach : uint8_t { kUnixSocket, kLoopback, kNetwork };

struct AccessPolicy {
  Reach reach = Reach::kLoopback;
  std::string token;  // empty: none
};

// Empty: go on. Otherwise the answer.
std::optional<Response> Refusal(const Request& request, const AccessPolicy& policy);

// May this request be told more than a status code?
bool MaySeeData(const Request& request, const AccessPolicy& policy);

bool IsProbe(const std::string& path);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_HTTP_ACCESS_H_

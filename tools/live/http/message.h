// SPDX-License-Identifier: Apache-2.0
//
// A request and its answer, without the network: what handlers and their tests see.
#ifndef LEAKTRACK_TOOLS_LIVE_HTTP_MESSAGE_H_
#define LEAKTRACK_TOOLS_LIVE_HTTP_MESSAGE_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace leaktrack::live {

struct Request {
  std::string path;  // "/report"; decoded
  std::map<std::string, std::string> query;
  std::string accept, host, authorization;

  // Empty: not given.
  std::string Value(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
  }
};

struct Response {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::string file_name;  // for a download; empty: to be shown
};

inline Response PlainText(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text) + "\n", ""};
}

// Splits "/report?run=1f&format=json"; false: it is none.
bool ParseTarget(std::string_view target, Request& request);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_HTTP_MESSAGE_H_

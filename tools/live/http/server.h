// SPDX-License-Identifier: Apache-2.0
//
// A small HTTP/1.1 server for GET and HEAD, on Boost.Beast.
//
// Why Beast: it is a header library, so that the program stays one file; Debian has cpp-httplib
// only as a shared library.
// What: one thread reads and writes; what takes long (reports) is made on a second one, and waits
// in a short queue.
// Promises: bounded in everything that a client chooses: connections, bytes of a header, the time
// for a whole request and for a whole answer, requests that wait. A client that is slow or stops
// reading costs one connection for that time. Bodies of requests are refused.
// Thread-safety: Stop() may be called from any thread; the handler is called from two.
#ifndef LEAKTRACK_TOOLS_LIVE_HTTP_SERVER_H_
#define LEAKTRACK_TOOLS_LIVE_HTTP_SERVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/live/http/access.h"
#include "tools/live/http/message.h"

namespace leaktrack::live {

struct ServerLimits {
  size_t connections = 256;
  size_t header_bytes = 16 << 10;
  size_t waiting = 8;        // long requests beside the one that is made
  int request_seconds = 10;  // for all of a request, and between two of one connection
  int answer_seconds = 60;   // for all of an answer to be taken
  size_t requests = 1000;    // on one connection
};

struct Service {
  std::function<Response(const Request&)> answer;
  std::function<bool(const Request&)> takes_long;
};

class Server {
 public:
  // `listen`: "ADDRESS:PORT", "[::1]:PORT" or "unix:PATH"; port 0: any that is free. An address
  // that is taken, or no address, is an error that says what to do.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(const std::string& listen, Service service,
                                                        const std::string& token,
                                                        const ServerLimits& limits = {});
  virtual ~Server() = default;

  // Where it listens, with the real port: "http://127.0.0.1:9466", "unix:/run/x.sock".
  virtual std::string address() const = 0;
  // Until SIGINT, SIGTERM or Stop().
  virtual void Run() = 0;
  virtual void Stop() = 0;
};

// Where "ADDRESS:PORT" or "unix:PATH" can be reached from.
absl::StatusOr<Reach> ReachOf(const std::string& listen);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_HTTP_SERVER_H_

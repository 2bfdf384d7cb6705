// SPDX-License-Identifier: Apache-2.0
#include "tools/push/http_post.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"

namespace leaktrack::push {
namespace {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr size_t kMostAnswer = 64 << 10, kMostText = 200;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// False: the time is over.
bool Await(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd one{fd, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min<long>(left, 1000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::string Place(const Post& post) { return absl::StrCat(SafeText(post.host), ":", post.port); }

absl::Status Failed(const Post& post, absl::string_view why) {
  return absl::UnavailableError(absl::StrCat(Place(post), ": ", why));
}
absl::Status TooLate(const Post& post) {
  return absl::DeadlineExceededError(absl::StrCat(Place(post), ": no answer in time"));
}

absl::Status ConnectTo(int fd, const addrinfo& to, const Post& post, Clock::time_point deadline) {
  if (connect(fd, to.ai_addr, to.ai_addrlen) == 0) return absl::OkStatus();
  if (errno != EINPROGRESS) return Failed(post, strerror(errno));
  if (!Await(fd, POLLOUT, deadline)) return TooLate(post);
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? absl::OkStatus() : Failed(post, strerror(error));
}

absl::StatusOr<std::unique_ptr<Socket>> Connect(const Post& post, Clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(post.host.c_str(), post.port.c_str(), &hints, &found);
      error != 0)
    return Failed(post, gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, freeaddrinfo);
  absl::Status last = Failed(post, "has no address");
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    auto socket_here = std::make_unique<Socket>(
        socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol));
    if (socket_here->fd() < 0) {
      last = Failed(post, strerror(errno));
      continue;
    }
    last = ConnectTo(socket_here->fd(), *one, post, deadline);
    if (last.ok()) return socket_here;
  }
  return last;
}

std::string Head(const Post& post) {
  const bool six = post.host.find(':') != std::string::npos;
  return absl::StrCat("POST ", post.target.empty() ? "/" : post.target,
                      " HTTP/1.1\r\nHost: ", six ? "[" : "", post.host, six ? "]" : "", ":",
                      post.port, "\r\nUser-Agent: leaktrack\r\nContent-Type: ", post.content_type,
                      "\r\nContent-Length: ", post.body.size(), "\r\nConnection: close\r\n\r\n");
}

// A server may answer before it has read all, and close: then its answer counts.
absl::Status WriteAll(int fd, absl::string_view bytes, const Post& post,
                      Clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!Await(fd, POLLOUT, deadline)) return TooLate(post);
    } else {
      return errno == EPIPE || errno == ECONNRESET ? absl::OkStatus()
                                                   : Failed(post, strerror(errno));
    }
  }
  return absl::OkStatus();
}

Answer AnswerOf(const http::response<http::string_body>& response) {
  Answer answer;
  answer.status = static_cast<int>(response.result_int());
  answer.text = response.body().substr(0, kMostText);
  const auto wait = response[http::field::retry_after];
  if (!absl::SimpleAtoi(absl::string_view(wait.data(), wait.size()), &answer.retry_after_seconds))
    answer.retry_after_seconds = 0;
  return answer;
}

absl::StatusOr<Answer> ReadAnswer(int fd, const Post& post, Clock::time_point deadline) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMostAnswer);
  parser.eager(true);
  std::array<char, 4096> buffer;
  std::string pending;
  while (!parser.is_done()) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      if (!Await(fd, POLLIN, deadline)) return TooLate(post);
      continue;
    }
    boost::system::error_code error;
    if (got <= 0) {
      if (parser.got_some()) parser.put_eof(error);
      if (!parser.is_done()) return Failed(post, "closed the connection without an answer");
      break;
    }
    pending.append(buffer.data(), static_cast<size_t>(got));
    const size_t used = parser.put(boost::asio::buffer(pending), error);
    pending.erase(0, used);
    if (error == http::error::need_more && pending.size() < kMostAnswer) continue;
    if (error == http::error::body_limit && parser.is_header_done()) break;  // the status is enough
    if (error) return Failed(post, absl::StrCat("answered what is no HTTP: ", error.message()));
  }
  return AnswerOf(parser.get());
}

}  // namespace

absl::StatusOr<Answer> Send(const Post& post, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  ASSIGN_OR_RETURN(const std::unique_ptr<Socket> connected, Connect(post, deadline));
  RETURN_IF_ERROR(WriteAll(connected->fd(), Head(post), post, deadline));
  RETURN_IF_ERROR(WriteAll(connected->fd(), post.body, post, deadline));
  return ReadAnswer(connected->fd(), post, deadline);
}

}  // namespace leaktrack::push

// SPDX-License-Identifier: Apache-2.0
#include "tools/live/http/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"

namespace leaktrack::live {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Protocol = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Protocol>;
using Acceptor = asio::basic_socket_acceptor<Protocol>;
using Message = http::request<http::empty_body>;
using Answer = http::response<http::string_body>;

constexpr std::string_view kUnix = "unix:";

// What all connections share.
struct Shared {
  Service service;
  AccessPolicy policy;
  ServerLimits limits;
  asio::io_context io{1};
  asio::thread_pool pool{1};
  std::atomic<size_t> connections{0}, waiting{0};
};

std::string Field(const Message& message, http::field name) {
  const auto value = message[name];
  return {value.data(), value.size()};
}

std::string_view TargetOf(const Message& message) {
  return {message.target().data(), message.target().size()};
}

// One connection, from its first request to its last.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Protocol::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.connections;
  }
  ~Session() { --shared_.connections; }

  void ReadNext() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_.limits.header_bytes));
    parser_->body_limit(uint64_t{0});
    stream_.expires_after(std::chrono::seconds(shared_.limits.request_seconds));
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, size_t) { self->Read(error); });
  }

 private:
  void Read(beast::error_code error) {
    if (error == http::error::body_limit) return Send(PlainText(413, "no body is taken"), true);
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return Send(PlainText(431, "the header is too long"), true);
    if (error == beast::error::timeout || error == http::error::end_of_stream) return Close();
    if (error) {
      // What is no HTTP gets an answer that says so; a connection that is gone does not.
      const bool malformed =
          error.category() == make_error_code(http::error::bad_method).category();
      return malformed ? Send(PlainText(400, "this is no HTTP request"), true) : Close();
    }
    const Message& message = parser_->get();
    head_ = message.method() == http::verb::head;
    keep_ = message.keep_alive() && ++requests_ < shared_.limits.requests;
    if (!head_ && message.method() != http::verb::get)
      return Send(PlainText(405, "GET or HEAD only"), true);
    Request request;
    if (!ParseTarget(TargetOf(message), request))
      return Send(PlainText(400, "the path is malformed"), true);
    request.accept = Field(message, http::field::accept);
    request.host = Field(message, http::field::host);
    request.authorization = Field(message, http::field::authorization);
    Serve(request);
  }

  void Serve(const Request& request) {
    if (const std::optional<Response> refusal = Refusal(request, shared_.policy))
      return Send(*refusal, false);
    if (!MaySeeData(request, shared_.policy)) {
      // A probe without a token: the status, and nothing of the data.
      return Send({shared_.service.answer(request).status, "text/plain", "", ""}, false);
    }
    if (!shared_.service.takes_long(request)) return Send(shared_.service.answer(request), false);
    if (shared_.waiting >= shared_.limits.waiting)
      return Send(PlainText(503, "too many reports are being made; try again"), false);
    ++shared_.waiting;
    stream_.expires_never();
    asio::post(shared_.pool, [self = shared_from_this(), request] {
      Response response = self->shared_.service.answer(request);
      --self->shared_.waiting;
      asio::post(self->shared_.io,
                 [self, response = std::move(response)] { self->Send(response, false); });
    });
  }

  void Send(const Response& response, bool last) {
    keep_ = keep_ && !last;
    answer_ = Answer(http::int_to_status(static_cast<unsigned>(response.status)), 11);
    answer_.set(http::field::content_type, response.type);
    answer_.set("X-Content-Type-Options", "nosniff");
    answer_.set(http::field::cache_control, "no-store");
    if (response.status == 401) answer_.set(http::field::www_authenticate, "Bearer");
    if (!response.file_name.empty())
      answer_.set(http::field::content_disposition,
                  absl::StrCat("attachment; filename=\"", response.file_name, "\""));
    answer_.keep_alive(keep_);
    if (head_)
      answer_.content_length(response.body.size());
    else
      answer_.body() = response.body;
    if (!head_) answer_.prepare_payload();
    stream_.expires_after(std::chrono::seconds(shared_.limits.answer_seconds));
    Write();
  }

  void Write() {
    const auto written = [self = shared_from_this()](beast::error_code error, size_t) {
      if (error || !self->keep_) return self->Close();
      self->ReadNext();
    };
    if (!head_) return http::async_write(stream_, answer_, written);
    serializer_.emplace(answer_);
    http::async_write_header(stream_, *serializer_, written);
  }

  void Close() {
    beast::error_code ignored;
    stream_.socket().shutdown(Protocol::socket::shutdown_send, ignored);
  }

  Stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_{64 << 10};
  std::optional<http::request_parser<http::empty_body>> parser_;
  Answer answer_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  size_t requests_ = 0;
  bool head_ = false, keep_ = true;
};

class BeastServer : public Server {
 public:
  BeastServer(Service service, AccessPolicy policy, const ServerLimits& limits) {
    shared_.service = std::move(service);
    shared_.policy = std::move(policy);
    shared_.limits = limits;
  }
  ~BeastServer() override {
    shared_.pool.join();
    if (!socket_file_.empty()) unlink(socket_file_.c_str());
  }

  absl::Status Open(const std::string& listen, const Protocol::endpoint& endpoint) {
    const bool local = endpoint.protocol().family() == AF_UNIX;
    beast::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error && !local) acceptor_.set_option(Acceptor::reuse_address(true), error);
    // Made for its owner alone: who else may connect is for the owner to say.
    const mode_t before = umask(local ? 0177 : 0);
    if (!local) umask(before);
    if (!error) acceptor_.bind(endpoint, error);
    if (local) umask(before);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use)
      return absl::FailedPreconditionError(absl::StrCat("--listen ", SafeText(listen),
                                                        ": already in use; name another with "
                                                        "--listen, or end what listens there"));
    if (error)
      return absl::FailedPreconditionError(
          absl::StrCat("--listen ", SafeText(listen), ": ", error.message()));
    if (local) socket_file_ = listen.substr(kUnix.size());
    address_ = local ? listen : absl::StrCat("http://", AddressText());
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }

  void Run() override {
    signals_.async_wait([this](beast::error_code error, int) {
      if (!error) Stop();
    });
    Accept();
    shared_.io.run();
  }

  void Stop() override { shared_.io.stop(); }

 private:
  std::string AddressText() {
    asio::ip::tcp::endpoint endpoint;
    beast::error_code ignored;
    const Protocol::endpoint own = acceptor_.local_endpoint(ignored);
    endpoint.resize(own.size());
    std::memcpy(endpoint.data(), own.data(), own.size());
    const std::string address = endpoint.address().to_string();
    return absl::StrCat(endpoint.address().is_v6() ? absl::StrCat("[", address, "]") : address, ":",
                        endpoint.port());
  }

  void Accept() {
    acceptor_.async_accept([this](beast::error_code error, Protocol::socket socket) {
      if (!error && shared_.connections < shared_.limits.connections)
        std::make_shared<Session>(std::move(socket), shared_)->ReadNext();
      // Out of descriptors: not at once again, which would take a whole processor.
      if (error == asio::error::no_descriptors) return AcceptLater();
      Accept();
    });
  }

  void AcceptLater() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](beast::error_code) { Accept(); });
  }

  Shared shared_;
  Acceptor acceptor_{shared_.io};
  asio::steady_timer pause_{shared_.io};
  asio::signal_set signals_{shared_.io, SIGINT, SIGTERM};
  std::string socket_file_, address_;
};

struct TcpAddress {
  asio::ip::address address;
  uint16_t port = 0;
};

absl::StatusOr<TcpAddress> ParseAddress(const std::string& listen) {
  const absl::Status wrong = absl::InvalidArgumentError(
      absl::StrCat("--listen: '", SafeText(listen),
                   "' is neither ADDRESS:PORT, such as 127.0.0.1:9466, nor unix:PATH"));
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  TcpAddress result;
  beast::error_code error;
  result.address = asio::ip::make_address(host, error);
  const char* const end = listen.data() + listen.size();
  const auto number = std::from_chars(listen.data() + colon + 1, end, result.port);
  if (error || number.ec != std::errc() || number.ptr != end) return wrong;
  return result;
}

// A socket that a server left behind when it was killed is in nobody's way.
absl::Status ClearStale(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode))
    return absl::FailedPreconditionError(
        absl::StrCat("--listen unix:", SafeText(path), ": there is a file of another kind"));
  asio::io_context io;
  asio::local::stream_protocol::socket probe(io);
  beast::error_code error;
  probe.connect(asio::local::stream_protocol::endpoint(path), error);
  if (error == asio::error::connection_refused) unlink(path.c_str());
  return absl::OkStatus();
}

absl::StatusOr<Protocol::endpoint> EndpointOf(const std::string& listen) {
  if (!listen.starts_with(kUnix)) {
    const absl::StatusOr<TcpAddress> address = ParseAddress(listen);
    if (!address.ok()) return address.status();
    return Protocol::endpoint(asio::ip::tcp::endpoint(address->address, address->port));
  }
  const std::string path = listen.substr(kUnix.size());
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    return absl::InvalidArgumentError("--listen unix:PATH: the path is empty or too long");
  if (const absl::Status stale = ClearStale(path); !stale.ok()) return stale;
  return Protocol::endpoint(asio::local::stream_protocol::endpoint(path));
}

}  // namespace

absl::StatusOr<Reach> ReachOf(const std::string& listen) {
  if (listen.starts_with(kUnix)) return Reach::kUnixSocket;
  const absl::StatusOr<TcpAddress> address = ParseAddress(listen);
  if (!address.ok()) return address.status();
  return address->address.is_loopback() ? Reach::kLoopback : Reach::kNetwork;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(const std::string& listen, Service service,
                                                       const std::string& token,
                                                       const ServerLimits& limits) {
  const absl::StatusOr<Reach> reach = ReachOf(listen);
  if (!reach.ok()) return reach.status();
  const absl::StatusOr<Protocol::endpoint> endpoint = EndpointOf(listen);
  if (!endpoint.ok()) return endpoint.status();
  auto server =
      std::make_unique<BeastServer>(std::move(service), AccessPolicy{*reach, token}, limits);
  if (const absl::Status opened = server->Open(listen, *endpoint); !opened.ok()) return opened;
  return server;
}

}  // namespace leaktrack::live

// SPDX-License-Identifier: Apache-2.0
//
// A small shop with its own customers that leaks a little. scripts/quickstart.sh tracks it by
// itself.
//
//  service [--seconds N] [--workers N] [--requests-per-second N]
//
// Worker threads parse requests, look up products, render pages and keep sessions. Around the one
// leak (see session_store.cc) there are things that also grow and are not leaks: the product
// catalogue (loaded at the start), the page cache (fills, then evicts), the connection pool (grows
// to the number in use), and the order batch (builds up for two seconds, then is shipped). A report
// that names one of those is wrong.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/service/page_cache.h"
#include "bench/service/session_store.h"

namespace service {
namespace {

struct Options {
  int seconds = 20;
  int workers = 4;
  int requests_per_second = 6000;  // of all workers together
};

struct Product {
  std::string name, description;
  int cents;
};

// Loaded once and then unchanged.
std::vector<Product> LoadCatalogue(size_t products) {
  std::vector<Product> catalogue;
  catalogue.reserve(products);
  for (size_t i = 0; i < products; ++i) {
    catalogue.push_back({"product number " + std::to_string(i), std::string(100 + i % 200, 'd'),
                         static_cast<int>(i * 37 % 10000)});
  }
  return catalogue;
}

struct Request {
  std::string method, path;
  std::map<std::string, std::string> headers;
  uint64_t session = 0;
};

// "METHOD PATH\nname: value\n...": every part becomes a short-lived string.
Request ParseRequest(const std::string& text) {
  Request request;
  const size_t line_end = text.find('\n'), space = text.find(' ');
  request.method = text.substr(0, space);
  request.path = text.substr(space + 1, line_end - space - 1);
  for (size_t start = line_end + 1; start < text.size();) {
    const size_t end = text.find('\n', start), colon = text.find(": ", start);
    request.headers[text.substr(start, colon - start)] = text.substr(colon + 2, end - colon - 2);
    start = end + 1;
  }
  request.session = strtoull(request.headers["session"].c_str(), nullptr, 10);
  return request;
}

// Buffers of connections. One is created when none is free, and kept.
class ConnectionPool {
 public:
  std::unique_ptr<std::vector<char>> Take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<std::vector<char>>(16384);
    auto buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void Return(std::unique_ptr<std::vector<char>> buffer) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<std::vector<char>>> free_;
};

// Orders collect and are shipped together.
class OrderBatch {
 public:
  void Add(std::string order) {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  size_t Ship() {
    std::vector<std::string> shipped;
    const std::lock_guard lock(mutex_);
    shipped.swap(orders_);
    return shipped.size();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> orders_;
};

class Shop {
 public:
  Shop()
      : catalogue_(LoadCatalogue(20000)),
        cache_(3000),
        sessions_(&audit_, std::chrono::milliseconds(1500)) {}

  std::string Serve(const Request& request) {
    sessions_.Touch(request.session, request.path);
    audit_.Record(request.session, request.method, request.path);
    if (request.path == "/logout") {
      sessions_.Logout(request.session);
      return "bye";
    }
    const size_t number =
        strtoull(request.path.c_str() + strlen("/product/"), nullptr, 10) % catalogue_.size();
    if (request.method == "POST")
      orders_.Add("order of " + catalogue_[number].name + " by " + request.headers.at("agent"));
    return cache_.Get(request.path, [&] { return RenderPage(catalogue_[number]); });
  }

  void Housekeeping() {
    expired_ += sessions_.ExpireOld();
    if (++rounds_ % 20 == 0) shipped_ += orders_.Ship();
  }

  void PrintStatus(double seconds, uint64_t requests) const {
    printf(
        "service: %4.0f s  %8llu requests  %6zu sessions open  %6zu expired  %5zu pages cached  "
        "%6zu orders shipped\n",
        seconds, static_cast<unsigned long long>(requests), sessions_.size(), expired_,
        cache_.size(), shipped_);
    fflush(stdout);
  }

  ConnectionPool& connections() { return connections_; }

 private:
  static std::string RenderPage(const Product& product) {
    std::string page = "<html><h1>" + product.name + "</h1><p>" + product.description + "</p>";
    page += "<b>" + std::to_string(product.cents / 100) + "." +
            std::to_string(product.cents % 100) + "</b></html>";
    return page;
  }

  const std::vector<Product> catalogue_;
  PageCache cache_;
  AuditLog audit_;
  SessionStore sessions_;
  ConnectionPool connections_;
  OrderBatch orders_;
  size_t expired_ = 0, shipped_ = 0, rounds_ = 0;  // of the main thread
};

// One customer after another: each makes some requests, then logs out or, more often, does nothing.
class Customers {
 public:
  explicit Customers(unsigned seed) : random_(seed), session_(uint64_t{seed} << 32) {}

  std::string NextRequest() {
    if (left_ == 0) {
      ++session_;
      left_ = 3 + random_() % 8;
      logs_out_ = random_() % 4 != 0;
    }
    --left_;
    const bool last = left_ == 0 && logs_out_;
    const std::string path = last ? "/logout" : "/product/" + std::to_string(random_() % 6000);
    return std::string(random_() % 10 == 0 ? "POST " : "GET ") + path +
           "\nhost: shop.example\nagent: customer/1.0 (" + std::to_string(random_() % 100) +
           ")\naccept: text/html\nsession: " + std::to_string(session_) + "\n";
  }

 private:
  std::minstd_rand random_;
  uint64_t session_;
  unsigned left_ = 0;
  bool logs_out_ = false;
};

std::atomic<bool> stop{false};
std::atomic<uint64_t> requests_served{0};

void Worker(Shop* shop, unsigned number, const Options& options) {
  Customers customers(number + 1);
  const auto pause = std::chrono::milliseconds(10);
  const int per_pause = options.requests_per_second / 100 / options.workers;
  for (Clock::time_point next = Clock::now(); !stop; next += pause) {
    for (int i = 0; i < per_pause; ++i) {
      auto buffer = shop->connections().Take();
      const std::string response = shop->Serve(ParseRequest(customers.NextRequest()));
      memcpy(buffer->data(), response.data(), std::min(response.size(), buffer->size()));
      shop->connections().Return(std::move(buffer));
    }
    requests_served += static_cast<uint64_t>(per_pause);
    std::this_thread::sleep_until(next);
  }
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    int* value = strcmp(argv[i], "--seconds") == 0               ? &options.seconds
                 : strcmp(argv[i], "--workers") == 0             ? &options.workers
                 : strcmp(argv[i], "--requests-per-second") == 0 ? &options.requests_per_second
                                                                 : nullptr;
    if (value == nullptr || i + 1 == argc || (*value = atoi(argv[++i])) <= 0) {
      fprintf(stderr, "usage: service [--seconds N] [--workers N] [--requests-per-second N]\n");
      exit(2);
    }
  }
  return options;
}

void Run(const Options& options) {
  // Lives as long as the process, as in most services: the end of the process frees everything.
  Shop* const shop = new Shop;
  std::vector<std::thread> workers;
  for (int i = 0; i < options.workers; ++i)
    workers.emplace_back(Worker, shop, static_cast<unsigned>(i), options);
  for (int tenth = 1; tenth <= options.seconds * 10; ++tenth) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    shop->Housekeeping();
    if (tenth % 50 == 0) shop->PrintStatus(tenth / 10.0, requests_served);
  }
  stop = true;
  for (std::thread& worker : workers) worker.join();
}

}  // namespace
}  // namespace service

int main(int argc, char** argv) {
  service::Run(service::ParseOptions(argc, argv));
  return 0;
}

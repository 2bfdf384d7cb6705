// SPDX-License-Identifier: Apache-2.0
//
// The sessions of the bundled service, and the audit trail of each.
//
// A session ends in one of two ways: the client logs out, or stays away and the session expires.
// Both must forget the audit trail. (One does not. The service exists for finding out which one.)
//
// Thread-safety: SessionStore and AuditLog lock themselves.
#ifndef LEAKTRACK_BENCH_SERVICE_SESSION_STORE_H_
#define LEAKTRACK_BENCH_SERVICE_SESSION_STORE_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace service {

using Clock = std::chrono::steady_clock;

// What happened in each session, for later questions.
class AuditLog {
 public:
  void Record(uint64_t session, const std::string& method, const std::string& path);
  void Forget(uint64_t session);
  size_t sessions() const;

 private:
  struct Entry {
    Clock::time_point time;
    std::string text;
  };
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, std::vector<Entry>> entries_;
};

class SessionStore {
 public:
  SessionStore(AuditLog* audit, std::chrono::milliseconds lifetime)
      : audit_(audit), lifetime_(lifetime) {}

  // Opens the session or keeps it alive, and remembers `path` as the last one visited.
  void Touch(uint64_t session, const std::string& path);
  void Logout(uint64_t session);
  // Drops sessions that have been inactive for too long. Called now and then. Returns how many.
  size_t ExpireOld();
  size_t size() const;

 private:
  struct Session {
    Clock::time_point last_seen;
    std::string last_path;
    std::vector<std::string> history;
  };
  AuditLog* const audit_;
  const std::chrono::milliseconds lifetime_;
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Session> sessions_;
};

}  // namespace service

#endif  // LEAKTRACK_BENCH_SERVICE_SESSION_STORE_H_

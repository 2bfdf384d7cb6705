// SPDX-License-Identifier: Apache-2.0
#include "bench/service/session_store.h"

namespace service {

void AuditLog::Record(uint64_t session, const std::string& method, const std::string& path) {
  std::string text = method + " " + path + " by session " + std::to_string(session);
  const std::lock_guard lock(mutex_);
  entries_[session].push_back({Clock::now(), std::move(text)});
}

void AuditLog::Forget(uint64_t session) {
  const std::lock_guard lock(mutex_);
  entries_.erase(session);
}

size_t AuditLog::sessions() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void SessionStore::Touch(uint64_t session, const std::string& path) {
  constexpr size_t kHistory = 8;
  const std::lock_guard lock(mutex_);
  Session& found = sessions_[session];
  found.last_seen = Clock::now();
  found.last_path = path;
  if (found.history.size() == kHistory) found.history.erase(found.history.begin());
  found.history.push_back(path);
}

void SessionStore::Logout(uint64_t session) {
  {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session);
  }
  audit_->Forget(session);
}

size_t SessionStore::ExpireOld() {
  const Clock::time_point oldest = Clock::now() - lifetime_;
  const std::lock_guard lock(mutex_);
  // The leak: a session that expires leaves its audit trail behind. Only Logout() forgets it.
  return std::erase_if(sessions_, [&](const auto& item) { return item.second.last_seen < oldest; });
}

size_t SessionStore::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace service

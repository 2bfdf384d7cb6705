// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/serve_state.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "tools/commands/captures.h"
#include "tools/commands/recorders.h"

namespace leaktrack {
namespace {

constexpr size_t kMostAnalysed = 16;
constexpr size_t kMostRuns = 10'000;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double Monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

const live::KnownRun* Snapshot::FindRun(const std::string& run_id) const {
  const auto found = std::ranges::find(runs, run_id, &live::KnownRun::run_id);
  return found == runs.end() ? nullptr : &*found;
}

ServeState::ServeState(const ServeSettings& settings)
    : settings_(settings),
      session_(settings.levels),
      ready_(settings.ready),
      health_(settings.health) {
  Renew();
  // Signals end the server, and go to the thread that waits for them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Watch(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ServeState::~ServeState() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::shared_ptr<const Snapshot> ServeState::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

void ServeState::ListRuns() {
  if (settings_.directories.empty() || Monotonic() - listed_at_ < kSecondsPerListing) return;
  listed_at_ = Monotonic();
  ended_.clear();
  for (const std::string& directory : settings_.directories) {
    const absl::StatusOr<std::vector<std::string>> paths = CapturesAt(directory);
    if (!paths.ok()) continue;  // empty for now, or gone: it may come
    for (const std::string& path : *paths) {
      const uint64_t run_id = RunIdOf(path);
      if (run_id != 0 && ended_.size() < kMostRuns)
        ended_.push_back({absl::StrFormat("%016x", run_id), path, 0});
    }
  }
}

void ServeState::Renew() {
  session_.Look();
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->host = session_.View(kMostAnalysed);
  snapshot->unready = ready_.Update(snapshot->host);
  snapshot->unhealthy = health_.Update(snapshot->host);
  ListRuns();
  std::set<std::string> living;
  for (const live::ProcessView& process : snapshot->host.processes) {
    if (!process.tracked || !living.insert(process.tracked->run_id).second) continue;
    snapshot->runs.push_back(
        {process.tracked->run_id, process.tracked->capture, process.now.key.pid});
  }
  for (const live::KnownRun& run : ended_) {
    if (!living.contains(run.run_id)) snapshot->runs.push_back(run);
  }
  const std::lock_guard lock(mutex_);
  latest_ = std::move(snapshot);
}

void ServeState::Watch() {
  double rest = 1;  // the first few looks come quickly, so that there is something to judge
  std::unique_lock lock(mutex_);
  for (int looks = 0; !stop_; ++looks) {
    if (wake_.wait_for(lock, std::chrono::duration<double>(rest), [&] { return stop_; })) return;
    lock.unlock();
    const double before = CpuSeconds();
    Renew();
    const double work = CpuSeconds() - before;
    rest = looks < 10 ? 1 : std::max(kSecondsPerLook, kRestPerWork * work);
    lock.lock();
  }
}

}  // namespace leaktrack

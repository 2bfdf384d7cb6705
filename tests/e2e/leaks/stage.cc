// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace stage {

uint64_t Random() {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

NOINLINE static void* CheckedMalloc(size_t size) {
  void* block = malloc(size);
  REQUIRE(block != nullptr);
  return Escape(block);
}

NOINLINE void* xmalloc(size_t size) { return CheckedMalloc(size); }

NOINLINE char* xstrdup(const char* text) {
  const size_t size = strlen(text) + 1;
  return static_cast<char*>(memcpy(xmalloc(size), text, size));
}

namespace {

struct Session {
  double end;
  std::vector<char> state;
};

// The innocent sites. Each member function is one of them, and its name must never be accused.
class Decoys {
 public:
  // Read at the start and kept for ever.
  NOINLINE void LoadAtStart() {
    for (int i = 0; i < 3000; ++i) catalogue_.push_back(xmalloc(Size(200, 800)));
    for (int i = 0; i < 1000; ++i)
      names_.push_back("a product with a name as long as this, number " + std::to_string(i));
  }

  // One value for each of 1,500 keys: fast at first, complete after a fifth of the run.
  NOINLINE void FillCache(const Moment& moment) {
    for (int i = fill_.Take(40000 * moment.share); i > 0; --i) {
      void*& entry = cache_[Random() % 1500];
      if (entry == nullptr) entry = xmalloc(Size(300, 900));
    }
  }

  // At most 600 entries; the least recently used one is removed.
  NOINLINE void TouchLru(const Moment& moment) {
    for (int i = touch_.Take(12000 * moment.share); i > 0; --i) {
      lru_.push_front(std::make_unique<std::string>(Size(100, 700), 'l'));
      if (lru_.size() > 600) lru_.pop_back();
    }
  }

  // Each is kept for a fifteenth of the run.
  NOINLINE void OpenSession(const Moment& moment) {
    for (int i = arrive_.Take(6000 * moment.share); i > 0; --i) {
      const double stay = (0.5 + 0.001 * static_cast<double>(Random() % 1000)) / 15;
      sessions_.push_back({moment.now + stay, std::vector<char>(Size(200, 600))});
    }
    while (!sessions_.empty() && sessions_.front().end < moment.now) sessions_.pop_front();
  }

  // New words become rare, as 1/time, as in any text.
  NOINLINE void Intern(const Moment& moment) {
    for (int i = words_due_.Take(150 * moment.share / (moment.now + 0.01)); i > 0; --i) {
      words_.insert("a word that is long enough to be on the heap, number " +
                    std::to_string(words_.size()));
    }
  }

  // Collects for a twelfth of the run, then drops everything.
  NOINLINE void BuildBatch(const Moment& moment) {
    for (int i = orders_.Take(9000 * moment.share); i > 0; --i)
      batch_.push_back(xmalloc(Size(100, 500)));
    if (static_cast<int>(moment.now * 12) == batches_) return;
    batches_ = static_cast<int>(moment.now * 12);
    for (void* order : batch_) free(order);
    batch_.clear();
  }

  // Freed before the tick is over.
  NOINLINE void Churn() {
    for (int i = 0; i < 10; ++i) free(xstrdup("a request that nobody keeps"));
  }

 private:
  std::vector<void*> catalogue_;
  std::vector<std::string> names_;
  std::unordered_map<uint64_t, void*> cache_;
  std::list<std::unique_ptr<std::string>> lru_;
  std::deque<Session> sessions_;
  std::unordered_set<std::string> words_;
  std::vector<void*> batch_;
  int batches_ = 0;
  Drip fill_, touch_, arrive_, words_due_, orders_;
};

constexpr double kSeconds = 15;

double SecondsOf(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (strcmp(argv[i], "--seconds") == 0) return atof(argv[i + 1]);
  }
  return kSeconds;
}

double Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

int Play(int argc, char** argv, const std::function<void(const Moment&)>& leak) {
  const double seconds = SecondsOf(argc, argv);
  // Never deleted: growth that is tidied up at the end is another test's subject.
  auto* decoys = new Decoys;
  decoys->LoadAtStart();
  const double start = Now(), scale = std::clamp(seconds / kSeconds, 1.0, 4.0);
  Moment moment = {0, 0};
  while (moment.now < 1) {
    usleep(20'000);
    const double now = (Now() - start) / seconds;
    moment = {now, (now - moment.now) * scale};
    leak(moment);
    decoys->FillCache(moment);
    decoys->TouchLru(moment);
    decoys->OpenSession(moment);
    decoys->Intern(moment);
    decoys->BuildBatch(moment);
    decoys->Churn();
  }
  return 0;
}

}  // namespace stage

// SPDX-License-Identifier: Apache-2.0
#include "tools/push/outbox.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"

namespace leaktrack::push {
namespace {

constexpr absl::string_view kSuffix = ".profile", kFirstLine = "leaktrack profile 1";
constexpr size_t kHeadLines = 5;

std::string Packed(const Post& post) {
  return absl::StrCat(kFirstLine, "\n", post.host, "\n", post.port, "\n", post.target, "\n",
                      post.content_type, "\n", post.body);
}

std::optional<Post> Unpacked(absl::string_view bytes) {
  std::vector<std::string> lines;
  while (lines.size() < kHeadLines) {
    const size_t end = bytes.find('\n');
    if (end == absl::string_view::npos) return std::nullopt;
    lines.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  if (lines[0] != kFirstLine) return std::nullopt;
  return Post{lines[1], lines[2], lines[3], lines[4], std::string(bytes)};
}

enum class Outcome : uint8_t { kTaken, kRefused, kLater };

Outcome OutcomeOf(const absl::StatusOr<Answer>& answer) {
  if (!answer.ok()) return Outcome::kLater;
  if (answer->status >= 200 && answer->status < 300) return Outcome::kTaken;
  const bool later = answer->status >= 500 || answer->status == 429 || answer->status == 408;
  return later ? Outcome::kLater : Outcome::kRefused;
}

std::string ProblemText(const Post& post, const absl::StatusOr<Answer>& answer) {
  if (!answer.ok()) return std::string(answer.status().message());
  const std::string said = SafeText(answer->text.substr(0, answer->text.find('\n')));
  return absl::StrCat(SafeText(post.host), ":", post.port, ": answered ", answer->status,
                      said.empty() ? "" : ": ", said);
}

// In steps, so that it can be ended.
void Pause(std::chrono::milliseconds time, const std::function<bool()>& stop) {
  constexpr std::chrono::milliseconds kStep{50};
  for (; time.count() > 0 && !(stop && stop()); time -= kStep)
    std::this_thread::sleep_for(std::min(time, kStep));
}

struct Tried {
  Outcome outcome;
  std::string problem;
};

Tried Try(const Post& post, const Patience& patience, const std::function<bool()>& stop) {
  std::chrono::milliseconds pause = patience.first_pause;
  for (int attempt = 1;; ++attempt) {
    const absl::StatusOr<Answer> answer = Send(post, patience.timeout);
    const Outcome outcome = OutcomeOf(answer);
    if (outcome == Outcome::kTaken) return {outcome, ""};
    const bool last = attempt >= patience.attempts || (stop && stop());
    if (outcome == Outcome::kRefused || last) return {outcome, ProblemText(post, answer)};
    const std::chrono::milliseconds asked{
        answer.ok() ? 1000L * std::max(0, answer->retry_after_seconds) : 0};
    Pause(std::min(std::max(pause, asked), patience.longest_pause), stop);
    pause *= 2;
  }
}

}  // namespace

Outbox::Outbox(std::optional<PrivateDirectory> directory, size_t most_bytes)
    : directory_(std::move(directory)), most_bytes_(most_bytes) {}

absl::StatusOr<Outbox> Outbox::Open(const std::string& directory, size_t most_bytes) {
  if (directory.empty()) return Outbox(std::nullopt, most_bytes);
  ASSIGN_OR_RETURN(PrivateDirectory opened,
                   PrivateDirectory::OpenNamed(directory, PrivateDirectory::Missing::kMake));
  Outbox box(std::move(opened), most_bytes);
  for (const PrivateDirectory::File& file : box.directory_->Files()) {
    if (!absl::EndsWith(file.name, kSuffix)) continue;
    const size_t bytes = box.directory_->Read(file.name, most_bytes).size();
    box.sizes_[file.name] = bytes;
    box.bytes_ += bytes;
  }
  return box;
}

absl::Status Outbox::Add(const Post& post) {
  const std::string packed = Packed(post);
  if (packed.size() > most_bytes_)
    return absl::ResourceExhaustedError("a profile is larger than all that may wait");
  MakeRoom(packed.size());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const Key key = absl::StrFormat("%020d-%d-%06d%s",
                                  std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(),
                                  getpid(), added_++, kSuffix);
  if (directory_) {
    RETURN_IF_ERROR(directory_->Replace(key, packed));
  } else {
    memory_[key] = packed;
  }
  sizes_[key] = packed.size();
  bytes_ += packed.size();
  return absl::OkStatus();
}

Delivery Outbox::Deliver(const Patience& patience, const std::function<bool()>& stop) {
  Delivery delivery;
  std::set<std::string> problems;
  std::set<std::pair<std::string, std::string>> away;  // hosts that are not to be asked again
  const std::map<Key, size_t> waiting = sizes_;
  for (const auto& [key, bytes] : waiting) {
    if (stop && stop()) break;
    const std::optional<Post> post = Load(key);
    if (!post) {
      problems.insert(absl::StrCat(SafeText(key), ": is no profile of this program; left alone"));
      continue;
    }
    if (away.contains({post->host, post->port})) continue;
    const Tried tried = Try(*post, patience, stop);
    if (tried.outcome != Outcome::kTaken) problems.insert(tried.problem);
    if (tried.outcome == Outcome::kLater) {
      away.insert({post->host, post->port});
      continue;
    }
    ++(tried.outcome == Outcome::kTaken ? delivery.sent : delivery.refused);
    Drop(key);
  }
  delivery.waiting = sizes_.size();
  delivery.dropped = std::exchange(dropped_, 0);
  delivery.problems.assign(problems.begin(), problems.end());
  return delivery;
}

void Outbox::Drop(const Key& key) {
  if (directory_) directory_->Remove(key);
  memory_.erase(key);
  bytes_ -= sizes_[key];
  sizes_.erase(key);
}

void Outbox::MakeRoom(size_t bytes) {
  while (!sizes_.empty() && bytes_ + bytes > most_bytes_) {
    Drop(Key(sizes_.begin()->first));
    ++dropped_;
  }
}

std::optional<Post> Outbox::Load(const Key& key) const {
  const auto held = memory_.find(key);
  return Unpacked(directory_              ? directory_->Read(key, most_bytes_)
                  : held != memory_.end() ? held->second
                                          : std::string());
}

}  // namespace leaktrack::push

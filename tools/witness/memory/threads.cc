// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/threads.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/witness/memory/proc_text.h"
#include "tools/witness/memory/text_parts.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kMostThreads = 1 << 16;
constexpr size_t kMostWords = 1 << 22;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

// The numbers that name entries of a directory.
std::vector<int> NumbersIn(const std::string& path, size_t most) {
  std::vector<int> numbers;
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path.c_str()));
  if (directory == nullptr) return numbers;
  while (const dirent* entry = readdir(directory.get())) {
    int number = 0;
    if (absl::SimpleAtoi(entry->d_name, &number) && numbers.size() < most)
      numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

// "232 0x4 0x7ffc... (six arguments) stack pointer, instruction pointer", or "running".
void TakeSystemCall(std::string_view text, Thread& thread) {
  const std::vector<std::string_view> words = Parts(Trim(text), ' ');
  uint64_t stack = 0;
  if (words.size() < 3 || !TakeHex(words[words.size() - 2], stack)) return;
  thread.stack_pointer = stack;
  for (size_t i = 1; i + 2 < words.size(); ++i) {
    uint64_t argument = 0;
    if (TakeHex(words[i], argument)) thread.registers.push_back(argument);
  }
}

std::vector<pid_t> ThreadNumbers(pid_t pid) {
  return NumbersIn(absl::StrCat("/proc/", pid, "/task"), kMostThreads);
}

std::vector<Thread> ReadThreads(pid_t pid) {
  std::vector<Thread> threads;
  const std::string tasks = absl::StrCat("/proc/", pid, "/task");
  for (const pid_t tid : ThreadNumbers(pid)) {
    Thread thread;
    thread.tid = tid;
    const std::string task = absl::StrCat(tasks, "/", tid);
    thread.name = Trim(ProcText(task + "/comm"));
    TakeSystemCall(ProcText(task + "/syscall"), thread);
    threads.push_back(std::move(thread));
  }
  return threads;
}

void TakeEpollData(std::string_view fdinfo, std::vector<KernelWord>& words) {
  constexpr std::string_view kData = "data:";
  for (const std::string_view line : Parts(fdinfo, '\n')) {
    if (!line.starts_with("tfd:") || words.size() >= kMostWords) continue;
    const size_t at = line.find(kData);
    if (at == std::string_view::npos) continue;
    std::string_view value = Trim(line.substr(at + kData.size()));
    uint64_t word = 0;
    if (TakeHex(value.substr(0, value.find(' ')), word) && word != 0)
      words.push_back({word, "epoll"});
  }
}

// "signal: 14/0000555555559260"
void TakeTimerValues(std::string_view timers, std::vector<KernelWord>& words) {
  for (const std::string_view line : Parts(timers, '\n')) {
    const size_t at = line.find('/');
    uint64_t word = 0;
    if (line.starts_with("signal:") && at != std::string_view::npos &&
        TakeHex(line.substr(at + 1), word) && word != 0 && words.size() < kMostWords)
      words.push_back({word, "timer"});
  }
}

std::vector<KernelWord> ReadKernelWords(pid_t pid, Doubts& doubts) {
  std::vector<KernelWord> words;
  const std::string process = absl::StrCat("/proc/", pid);
  bool rings = false;
  for (const int fd : NumbersIn(process + "/fd", 1 << 20)) {
    char target[64] = {};
    const ssize_t length = readlink(absl::StrCat(process, "/fd/", fd).c_str(), target, 63);
    const std::string_view name(target, length > 0 ? static_cast<size_t>(length) : 0);
    if (name == "anon_inode:[eventpoll]")
      TakeEpollData(ProcText(absl::StrCat(process, "/fdinfo/", fd)), words);
    if (name == "anon_inode:[io_uring]") rings = true;
  }
  if (rings)
    doubts.emplace_back(
        "the kernel may hold pointers for requests of io_uring, which it does not tell");
  TakeTimerValues(ProcText(process + "/timers"), words);
  return words;
}

}  // namespace leaktrack::witness

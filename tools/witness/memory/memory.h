// SPDX-License-Identifier: Apache-2.0
//
// The memory of a process that is looked at from outside, whether it lives or left a core.
//
// What: its mappings, its threads and what the kernel holds for it, and a way to read its words.
// Promises: nothing of it is executed, nobody is stopped unless that was asked for. Whatever is in
// it is hostile: readers get what is there, or less, never more than they asked for. What could not
// be read is said in `doubts`.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_MEMORY_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "tools/witness/memory/mapping.h"

namespace leaktrack::witness {

struct Thread {
  pid_t tid = 0;
  std::string name;
  std::optional<uint64_t> stack_pointer;  // none: it was on a processor
  uint64_t thread_pointer = 0;            // 0: not known
  bool is_main = false;
  std::vector<uint64_t> registers;  // empty: not known
  bool has_registers = false;
};

// A word that the kernel keeps for the process and gives back to it.
struct KernelWord {
  uint64_t value = 0;
  std::string holder;  // "epoll", "timer"
};

// Why blocks that nobody seems to hold may be held all the same. Each is one sentence without its
// end.
using Doubts = std::vector<std::string>;

class Memory {
 public:
  virtual ~Memory() = default;

  // The bytes that could be read at the beginning of the range, at most `size`.
  virtual size_t Read(uint64_t address, void* to, size_t size) = 0;

  // Calls `visit` with pieces of `range` in their order, each at most a window long and as long as
  // possible; what was never written is left out. What cannot be read is counted in unread_bytes.
  virtual void ReadWritten(
      Range range,
      absl::FunctionRef<void(uint64_t address, const char* bytes, size_t size)> visit) = 0;

  const std::vector<Mapping>& maps() const { return maps_; }
  const std::vector<Thread>& threads() const { return threads_; }
  const std::vector<KernelWord>& kernel_words() const { return kernel_words_; }
  const Doubts& doubts() const { return doubts_; }
  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t unread_bytes() const { return unread_bytes_; }
  double stopped_seconds() const { return stopped_seconds_; }

  template <typename T>
  std::optional<T> Get(uint64_t address) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    if (Read(address, &value, sizeof value) != sizeof value) return std::nullopt;
    return value;
  }

 protected:
  std::vector<Mapping> maps_;
  std::vector<Thread> threads_;
  std::vector<KernelWord> kernel_words_;
  Doubts doubts_;
  uint64_t bytes_read_ = 0, unread_bytes_ = 0;
  double stopped_seconds_ = 0;
};

// At most `most` bytes of a text that ends in 0; empty where there is none.
std::string ReadText(Memory& memory, uint64_t address, size_t most = 1024);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_MEMORY_H_

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/roots/roots.h"

#include <algorithm>
#include <optional>

#include "libtrack/capture/own_addresses.h"
#include "tools/witness/roots/thread_pointers.h"

namespace leaktrack::witness {
namespace {

constexpr uint64_t kRedZone = 128, kDescriptorBytes = 0x980;

bool MayHoldPointers(const Mapping& mapping) {
  if (!mapping.readable || (mapping.executable && !mapping.writable)) return false;
  if (mapping.path.starts_with("[v") || IsOwnFile(mapping.path)) return false;
  if (mapping.shared && !mapping.writable) return false;
  return !mapping.path.starts_with("/dev/") || mapping.path.starts_with("/dev/shm/") ||
         mapping.path.starts_with("/dev/zero");
}

class RootFinder {
 public:
  RootFinder(Memory& memory, const RootsInput& input) : memory_(memory), input_(input) {
    for (const Module& module : input.modules) static_tls_ += module.tls_size;
    holes_ = input.heap;
    holes_.insert(holes_.end(), input.own_state.begin(), input.own_state.end());
    for (const Module& module : input.modules) {
      if (!IsOwnFile(module.path)) continue;
      holes_.push_back(module.range);
      is_tracked_ = true;
    }
    std::sort(holes_.begin(), holes_.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
  }

  std::vector<Root> Find() {
    const std::vector<ThreadPointer> pointers = FindThreadPointers(memory_, input_.heap);
    for (const Mapping& mapping : memory_.maps()) {
      if (!MayHoldPointers(mapping) || IsOwnMemory(mapping)) continue;
      if (!TakeStack(mapping, pointers)) TakePlain(mapping, mapping.range);
    }
    for (const Range& range : input_.unparsed) {
      roots_.emplace_back();
      roots_.back().range = range;
      roots_.back().name = "a part of the heap that was not understood";
    }
    TakeWords();
    return std::move(roots_);
  }

 private:
  // The tracker's tables have the addresses of blocks, and hold none.
  bool IsOwnMemory(const Mapping& mapping) const {
    return is_tracked_ && !mapping.IsFile() && capture::MayBeOwnMemory(mapping.range.start);
  }

  void Add(Root root, Range range) {
    for (const Range& part : Without({range}, holes_)) {
      root.range = part;
      roots_.push_back(root);
    }
  }

  // Data of a module, its .bss included, or a mapping.
  void TakePlain(const Mapping& mapping, Range range) {
    uint64_t at = range.start;
    while (at < range.end) {
      const Module* const module = FindModule(input_.modules, at);
      Root root;
      Range part{at, range.end};
      if (module != nullptr) {
        part.end = std::min(range.end, module->range.end);
        root.kind = RootKind::kGlobal;
        root.module = static_cast<int>(module - input_.modules.data());
      } else {
        for (const Module& next : input_.modules) {
          if (next.range.start > at) part.end = std::min(part.end, next.range.start);
        }
        root.name = mapping.path;
      }
      Add(root, part);
      at = part.end;
    }
  }

  // The mapping just below must be one that nobody may touch: else dead stack and something else
  // may be one mapping.
  bool HasGuard(const Mapping& mapping) const {
    const Mapping* const below = FindMapping(memory_.maps(), mapping.range.start - 1);
    return mapping.path == "[stack]" || (below != nullptr && !below->readable && !below->writable);
  }

  bool TakeStack(const Mapping& mapping, const std::vector<ThreadPointer>& pointers) {
    if (mapping.IsFile()) return false;
    const Thread* thread = nullptr;
    for (const Thread& one : memory_.threads()) {
      if (one.stack_pointer && mapping.range.Contains(*one.stack_pointer)) {
        if (thread != nullptr) return TakeShared(mapping);
        thread = &one;
      }
    }
    const auto pointer =
        std::find_if(pointers.begin(), pointers.end(),
                     [&](const ThreadPointer& p) { return mapping.range.Contains(p.address); });
    if (thread == nullptr && pointer == pointers.end() && mapping.path != "[stack]") return false;
    Range stack = mapping.range;
    if (thread != nullptr && HasGuard(mapping))
      stack.start = std::max(stack.start, *thread->stack_pointer - kRedZone);
    if (pointer != pointers.end()) {
      const bool own_stack = thread != nullptr && thread->tid == pointer->tid;
      const uint64_t tls =
          pointer->address - std::min(static_tls_, pointer->address - mapping.range.start);
      TakeThreadLocal(*pointer, {std::max(tls, own_stack ? stack.start : tls),
                                 std::min(mapping.range.end, pointer->address + kDescriptorBytes)});
      TakePlain(mapping, {std::min(mapping.range.end, pointer->address + kDescriptorBytes),
                          mapping.range.end});
      stack.end = std::max(stack.start, tls);
    }
    if (thread == nullptr && pointer != pointers.end()) {
      // A thread that is running, or one on a stack of its own making.
      const bool is_main = pointer->tid == MainThread();
      if (is_main) return TakePlain(mapping, stack), true;
      AddStack(NameOf(pointer->tid), stack);
    } else {
      AddStack(thread != nullptr ? thread->name : NameOf(MainThread()), stack);
    }
    return true;
  }

  // More than one stack in one mapping: all of it counts.
  bool TakeShared(const Mapping& mapping) {
    AddStack("several threads", mapping.range);
    return true;
  }

  void AddStack(const std::string& thread, Range range) {
    Root root;
    root.kind = RootKind::kStack;
    root.name = thread;
    if (range.size() != 0) Add(root, range);
  }

  void TakeThreadLocal(const ThreadPointer& pointer, Range range) {
    Root root;
    root.kind = RootKind::kThreadLocal;
    root.name = NameOf(pointer.tid);
    root.thread_pointer = pointer.address;
    if (range.start < range.end) Add(root, range);
  }

  void TakeWords() {
    Root kernel;
    for (const KernelWord& word : memory_.kernel_words()) {
      kernel.kind = RootKind::kKernel;
      kernel.name = word.holder;
      kernel.words = {word.value};
      roots_.push_back(kernel);
    }
    for (const Thread& thread : memory_.threads()) {
      Root root;
      root.kind = RootKind::kStack;
      root.name = thread.name;
      root.words = thread.registers;
      // A stack that lies in a block keeps that block.
      if (thread.stack_pointer) root.words.push_back(*thread.stack_pointer);
      if (!root.words.empty()) roots_.push_back(root);
    }
  }

  pid_t MainThread() const {
    pid_t lowest = 0;
    for (const Thread& thread : memory_.threads()) {
      if (lowest == 0 || thread.tid < lowest) lowest = thread.tid;
    }
    return lowest;
  }

  std::string NameOf(pid_t tid) const {
    for (const Thread& thread : memory_.threads()) {
      if (thread.tid == tid) return thread.name;
    }
    return "";
  }

  Memory& memory_;
  const RootsInput& input_;
  std::vector<Range> holes_;
  uint64_t static_tls_ = 0;
  bool is_tracked_ = false;
  std::vector<Root> roots_;
};

}  // namespace

bool IsOwnFile(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return path.starts_with("/dev/shm/leaktrack.") || name.starts_with("libleaktrack.so");
}

std::vector<Root> FindRoots(Memory& memory, const RootsInput& input) {
  return RootFinder(memory, input).Find();
}

}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/exit/exit_roots.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "libtrack/capture/own_addresses.h"

namespace leaktrack::witness {
namespace {

constexpr uint64_t kRedZone = 128, kDescriptorBytes = 0x980;
constexpr uint64_t kStaticReserve = 512;  // for alignment between the modules' parts
constexpr uint64_t kDtvPointer = 8;       // in a thread's descriptor
constexpr uint64_t kDtvSlotBytes = 16, kMostDtvSlots = 1 << 16;
constexpr uint64_t kMostSearched = 8 << 20;
constexpr uint64_t kPage = 4096;

class Finder {
 public:
  Finder(Memory& memory, const ExitRootsInput& input) : memory_(memory), input_(input) {
    for (const Module& module : input.modules) static_tls_ += module.tls_size;
    holes_ = input.heap;
    holes_.insert(holes_.end(), input.own_state.begin(), input.own_state.end());
    std::sort(holes_.begin(), holes_.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
  }

  std::vector<Root> Find() {
    for (size_t i = 0; i < input_.modules.size(); ++i) TakeModule(i);
    for (const Thread& thread : input_.threads) TakeThread(thread);
    // What the loader keeps for the tracker's thread is held by its descriptor; nothing else is.
    if (input_.drainer_pointer != 0) TakeThreadLocal(input_.drainer_pointer, "leaktrack", 0);
    TakeLoader();
    for (const Range& range : input_.registered) Add(Named(RootKind::kMapping, kRegistered), range);
    for (const Range& range : input_.unparsed) TakeUnparsed(range);
    TakeWords();
    return std::move(roots_);
  }

 private:
  static constexpr char kRegistered[] = "that the program registered";

  static Root Named(RootKind kind, const std::string& name) {
    Root root;
    root.kind = kind;
    root.name = name;
    return root;
  }

  void Add(Root root, Range range) {
    if (range.start >= range.end) return;
    for (const Range& part : Without({range}, holes_)) {
      root.range = part;
      roots_.push_back(root);
    }
  }

  void TakeModule(size_t number) {
    const Module& module = input_.modules[number];
    if (IsOwnFile(module.path)) return;
    Root root;
    root.kind = RootKind::kGlobal;
    root.module = static_cast<int>(number);
    for (const Mapping& mapping : memory_.maps()) {
      if (!mapping.readable || !mapping.writable || mapping.shared) continue;
      Add(root, {std::max(mapping.range.start, module.range.start),
                 std::min(mapping.range.end, module.range.end)});
    }
  }

  const Mapping* Find(uint64_t address) const {
    const Mapping* const mapping = FindMapping(memory_.maps(), address);
    return mapping != nullptr && mapping->readable ? mapping : nullptr;
  }

  // From where the thread stands to the end of its stack, which is its descriptor's where that
  // lies there. Of a thread that stands elsewhere (on an alternative stack, in a coroutine) its own
  // stack counts as a whole.
  void TakeThread(const Thread& thread) {
    const uint64_t pointer = thread.thread_pointer;
    const Mapping* const stands = thread.stack_pointer ? Find(*thread.stack_pointer) : nullptr;
    const Mapping* const own = pointer != 0 ? Find(pointer) : nullptr;
    const bool on_own =
        stands != nullptr && stands->range.Contains(pointer) && pointer > *thread.stack_pointer;
    TakeThreadLocal(pointer, thread.name, on_own ? *thread.stack_pointer : 0);
    if (stands != nullptr && capture::MayBeOwnMemory(stands->range.start)) return;
    if (stands != nullptr) {
      Add(Named(RootKind::kStack, thread.name),
          {std::max(stands->range.start, *thread.stack_pointer - kRedZone),
           on_own ? pointer : stands->range.end});
      if (on_own || stands->path == "[stack]") return;
    }
    if (own == nullptr || thread.is_main)
      TakeMainStack(thread);
    else
      Add(Named(RootKind::kStack, thread.name), {own->range.start, pointer});
  }

  void TakeMainStack(const Thread& thread) {
    for (const Mapping& mapping : memory_.maps()) {
      if (mapping.path == "[stack]") Add(Named(RootKind::kStack, thread.name), mapping.range);
    }
  }

  // `lowest`: below it lies dead stack.
  void TakeThreadLocal(uint64_t pointer, const std::string& thread, uint64_t lowest) {
    const Mapping* const mapping = pointer != 0 ? Find(pointer) : nullptr;
    if (mapping == nullptr) return;
    Root root = Named(RootKind::kThreadLocal, thread);
    root.thread_pointer = pointer;
    Add(root, {std::max({mapping->range.start, pointer - static_tls_ - kStaticReserve, lowest}),
               std::min(mapping->range.end, pointer + kDescriptorBytes)});
    TakeDtv(pointer, thread);
  }

  // The table of a thread's dynamic storage. Its number of slots stands before it.
  void TakeDtv(uint64_t pointer, const std::string& thread) {
    const auto table = memory_.Get<uint64_t>(pointer + kDtvPointer);
    if (!table || *table < kDtvSlotBytes) return;
    const auto slots = memory_.Get<uint64_t>(*table - kDtvSlotBytes);
    if (!slots || *slots > kMostDtvSlots) return;
    Root root = Named(RootKind::kThreadLocal, thread);
    root.thread_pointer = pointer;
    Add(root, {*table - kDtvSlotBytes, *table + (*slots + 1) * kDtvSlotBytes});
    // Where the heap has it, the pointer holds it.
    root.words = {*table - kDtvSlotBytes};
    roots_.push_back(root);
  }

  // The loader describes each module in memory of its own: its bias, its name, where its dynamic
  // section lies. From the lowest description on all is the loader's; below it somebody else's
  // mapping may have been joined to it.
  void TakeLoader() {
    for (const Mapping& mapping : memory_.maps()) {
      if (mapping.IsFile() || mapping.shared || !mapping.writable || !mapping.path.empty() ||
          mapping.range.size() > kMostSearched || FindModule(input_.modules, mapping.range.start))
        continue;
      const std::optional<uint64_t> first = FirstDescription(mapping.range);
      if (first) Add(Named(RootKind::kMapping, "of the loader"), {*first, mapping.range.end});
    }
  }

  std::optional<uint64_t> FirstDescription(const Range& range) {
    std::optional<uint64_t> first;
    for (const Range& part : Without({range}, holes_)) {
      memory_.ReadWritten(part, [&](uint64_t address, const char* bytes, size_t size) {
        for (size_t at = 0; !first && at + 3 * sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
          uint64_t words[3];
          memcpy(words, bytes + at, sizeof words);
          if (IsDescription(words)) first = (address + at) / kPage * kPage;
        }
      });
    }
    return first;
  }

  bool IsDescription(const uint64_t (&words)[3]) const {
    if (words[0] == 0 || words[0] % kPage != 0) return false;
    const Module* const module = FindModule(input_.modules, words[2]);
    return module != nullptr && module->bias == words[0];
  }

  void TakeUnparsed(const Range& range) {
    roots_.push_back(Named(RootKind::kMapping, "a part of the heap that was not understood"));
    roots_.back().range = range;
  }

  void TakeWords() {
    for (const KernelWord& word : memory_.kernel_words()) {
      roots_.push_back(Named(RootKind::kKernel, word.holder));
      roots_.back().words = {word.value};
    }
    for (const Thread& thread : input_.threads) {
      Root root = Named(RootKind::kStack, thread.name);
      root.words = thread.registers;
      // A stack that lies in a block keeps that block.
      if (thread.stack_pointer) root.words.push_back(*thread.stack_pointer);
      roots_.push_back(std::move(root));
    }
    roots_.push_back(Named(RootKind::kMapping, "that the program excused"));
    roots_.back().words = input_.excused;
  }

  Memory& memory_;
  const ExitRootsInput& input_;
  std::vector<Range> holes_;
  uint64_t static_tls_ = 0;
  std::vector<Root> roots_;
};

}  // namespace

std::vector<Root> FindExitRoots(Memory& memory, const ExitRootsInput& input) {
  return Finder(memory, input).Find();
}

}  // namespace leaktrack::witness

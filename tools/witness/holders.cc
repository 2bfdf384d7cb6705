// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/holders.h"

#include <algorithm>

#include "tools/symbolize/demangle.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kMostHolders = 5;
constexpr double kSmallestShare = .01;

HolderKind KindOf(RootKind kind) {
  switch (kind) {
    case RootKind::kGlobal:
      return HolderKind::kGlobal;
    case RootKind::kThreadLocal:
      return HolderKind::kThreadLocal;
    case RootKind::kStack:
      return HolderKind::kStack;
    case RootKind::kMapping:
      return HolderKind::kMapping;
    case RootKind::kKernel:
      return HolderKind::kKernel;
  }
  return HolderKind::kUnknown;
}

bool HasName(const Classes::Class& one) { return !one.type.empty() || one.site != 0; }

}  // namespace

Holders::Holders(const Reading& reading, const Classes& classes, const SymbolizerOptions& symbols)
    : reading_(reading),
      classes_(classes),
      symbols_(reading.modules, symbols),
      root_of_(reading.heap.blocks.size(), kNoBlock),
      key_of_word_(reading.reach.words.size(), kNoBlock),
      counts_(classes.all().size()) {}

uint32_t Holders::Number(Key key) {
  const auto [entry, is_new] = numbers_.emplace(key, static_cast<uint32_t>(keys_.size()));
  if (is_new) keys_.push_back(std::move(key));
  return entry->second;
}

// Follows the way up, and notes the end of it for all blocks on the way.
uint32_t Holders::RootOf(uint32_t block) {
  uint32_t at = block, root = kNoBlock;
  while (root == kNoBlock) {
    const uint32_t parent = reading_.reach.parent[at];
    if ((parent & kByRoot) != 0)
      root = parent & ~kByRoot;
    else if (root_of_[parent] != kNoBlock)
      root = root_of_[parent];
    else
      at = parent;
  }
  for (at = block; root_of_[at] == kNoBlock;) {
    root_of_[at] = root;
    const uint32_t parent = reading_.reach.parent[at];
    if ((parent & kByRoot) != 0) break;
    at = parent;
  }
  return root;
}

Holders::Key Holders::Describe(const RootWord& word) {
  const Root& root = reading_.roots[word.root];
  Key key{KindOf(root.kind), root.name, "", 0};
  if (root.kind == RootKind::kGlobal) {
    key.module = reading_.modules[static_cast<size_t>(root.module)].path;
    key.name = Demangle(symbols_.NameAt(root.module, word.address));
  }
  if (root.kind == RootKind::kThreadLocal && !reading_.modules.empty()) {
    const uint64_t start = root.thread_pointer - reading_.modules[0].tls_size;
    const std::string name =
        word.address < start ? "" : Demangle(symbols_.ThreadLocalAt(0, word.address - start));
    if (!name.empty()) key = {key.kind, name, reading_.modules[0].path, 0};
  }
  return key;
}

uint32_t Holders::KeyOfRoot(uint32_t word) {
  uint32_t& key = key_of_word_[word];
  if (key == kNoBlock) key = Number(Describe(reading_.reach.words[word]));
  return key;
}

uint32_t Holders::KeyOfClass(uint32_t of_class) {
  const auto known = key_of_class_.find(of_class);
  if (known != key_of_class_.end()) return known->second;
  const Classes::Class& one = classes_.all()[of_class];
  const uint32_t key = Number({HolderKind::kHeap, one.type, "", one.site});
  return key_of_class_[of_class] = key;
}

void Holders::Count(uint32_t block) {
  const uint32_t of_class = reading_.class_of[block];
  std::map<uint32_t, uint64_t>& counts = counts_[of_class];
  ++counts[KeyOfRoot(RootOf(block))];
  const uint32_t parent = reading_.reach.parent[block];
  if ((parent & kByRoot) != 0) return;
  const uint32_t above = reading_.class_of[parent];
  if (above == of_class)
    ++counts[Number({HolderKind::kItself, "", "", 0})];
  else if (above != kNoClass && HasName(classes_.all()[above]))
    ++counts[KeyOfClass(above)];
}

std::vector<Holder> Holders::Best(uint32_t of_class, uint64_t examined) const {
  std::vector<Holder> best;
  for (const auto& [number, count] : counts_[of_class]) {
    const Key& key = keys_[number];
    const double share =
        examined == 0 ? 0 : static_cast<double>(count) / static_cast<double>(examined);
    if (share >= kSmallestShare) best.push_back({key.kind, key.name, key.module, key.site, share});
  }
  std::stable_sort(best.begin(), best.end(), [](const Holder& a, const Holder& b) {
    return a.share != b.share ? a.share > b.share : a.kind < b.kind;
  });
  if (best.size() > kMostHolders) best.resize(kMostHolders);
  return best;
}

}  // namespace leaktrack::witness

// SPDX-License-Identifier: Apache-2.0
//
// Dictionary records: stacks, modules, hooks.
#include <atomic>
#include <cstdint>
#include <cstring>

#include "libtrack/capture/write/mix_bits.h"
#include "libtrack/capture/write/writer_parts.h"

namespace leaktrack::capture {
namespace {

constexpr uint32_t kMostFrames = 2'000;
constexpr size_t kFrameBytes = 3 + 10;
constexpr size_t kStackBytes = 32;
constexpr size_t kModuleBytes = 640;
static_assert(kStackBytes + kMostFrames * kFrameBytes < kMaxRawBytes);

void EncodeStack(const StackCopy& stack, SiteId previous, RawBuffer* raw) {
  const bool cut = stack.frame_count > kMostFrames;
  const uint32_t frames = cut ? kMostFrames : stack.frame_count;
  raw->Varint(stack.site - previous);
  raw->Byte(stack.kind);
  raw->Byte(cut ? stack.flags | kStackTruncated : stack.flags);
  raw->Varint(frames);
  uint64_t last = 0;
  for (uint32_t i = 0; i < frames; ++i) {
    const Frame frame = stack.frames[i];
    raw->Varint(FrameModule(frame));
    raw->Signed(static_cast<int64_t>(FrameAddress(frame) - last));
    last = FrameAddress(frame);
  }
}

void EncodeModule(uint32_t number, const ModuleEntry& module, uint64_t unloaded_ms,
                  RawBuffer* raw) {
  raw->Varint(number);
  raw->Varint(module.start);
  raw->Varint(module.end);
  raw->Varint(module.bias);
  raw->Varint(module.loaded_ms);
  raw->Varint(unloaded_ms);
  raw->Varint(module.device);
  raw->Varint(module.inode);
  const size_t id_bytes =
      module.build_id_size <= sizeof(module.build_id) ? module.build_id_size : 0;
  raw->Varint(id_bytes);
  raw->Bytes(module.build_id, id_bytes);
  raw->String(module.path, sizeof(module.path));
}

}  // namespace

bool WriterParts::Dictionary(HistoryWriter& writer, const Epoch& epoch) {
  bool ok = Modules(writer, epoch);  // before the stacks that refer to them
  ok &= Stacks(writer, epoch);
  ok &= Hooks(writer, epoch);
  ok &= Notes(writer, epoch);
  return ok;
}

bool WriterParts::Stacks(HistoryWriter& writer, const Epoch& epoch) {
  RawBuffer& raw = writer.encoder_.raw();
  raw.Clear();
  uint64_t cursor = writer.depot_cursor_;
  SiteId previous = 0;
  uint32_t count = 0;
  const auto flush = [&](uint64_t reached) {
    if (count == 0) return true;
    const Stored stored = writer.encoder_.Flush(&writer.store_, SegmentKind::kDictionary, 0,
                                                RecordType::kStacks, epoch.number);
    if (stored == Stored::kFailed) return false;
    if (stored == Stored::kNoRoom) writer.dictionary_refused_ += count;
    writer.depot_cursor_ = reached;
    previous = 0;
    count = 0;
    return true;
  };
  for (;;) {
    StackCopy stack;
    const uint64_t before = cursor;
    const WalkStep step = epoch.view.NextStack(&cursor, &stack);
    // A stack that is still being written stops the walk for this epoch, unless there will be no
    // other.
    if (step == WalkStep::kNotReady && epoch.kind == EpochKind::kFinal) continue;
    if (step != WalkStep::kStack) return flush(before);
    const uint32_t frames = stack.frame_count < kMostFrames ? stack.frame_count : kMostFrames;
    if (raw.room() < kStackBytes + frames * kFrameBytes && !flush(before)) return false;
    EncodeStack(stack, previous, &raw);
    previous = stack.site;
    ++count;
  }
}

bool WriterParts::Modules(HistoryWriter& writer, const Epoch& epoch) {
  RawBuffer& raw = writer.encoder_.raw();
  raw.Clear();
  const uint32_t known = epoch.view.module_count();
  // Number 0 is no module. Capacity 0: no memory has been lent for it yet.
  const uint32_t room = writer.module_capacity_ == 0 ? 0 : writer.module_capacity_ - 1;
  const uint32_t count = known < room ? known : room;
  uint8_t* const unloaded = writer.module_unloaded_;
  bool ok = true;
  uint32_t reached = writer.module_cursor_, pending = 0;
  const auto flush = [&] {
    if (pending == 0) return;
    const Stored stored = writer.encoder_.Flush(&writer.store_, SegmentKind::kDictionary, 0,
                                                RecordType::kModules, epoch.number);
    if (stored == Stored::kNoRoom) writer.dictionary_refused_ += pending;
    ok &= stored != Stored::kFailed;
    if (ok) writer.module_cursor_ = reached;
    for (uint32_t i = 1; i <= count; ++i) {
      if (unloaded[i] == 2) unloaded[i] = ok ? 1 : 0;
    }
    pending = 0;
  };
  for (uint32_t number = 1; number <= count && ok; ++number) {
    const bool is_new = number > writer.module_cursor_ && number > reached;
    const ModuleEntry* module = epoch.view.Module(number);
    if (module == nullptr) break;
    const uint64_t unloaded_ms = module->unloaded_ms.load(std::memory_order_acquire);
    if (!is_new && (unloaded_ms == 0 || unloaded[number] != 0)) continue;
    if (raw.room() < kModuleBytes) flush();
    EncodeModule(number, *module, unloaded_ms, &raw);
    if (unloaded_ms != 0) unloaded[number] = 2;
    if (is_new) reached = number;
    ++pending;
  }
  flush();
  return ok;
}

bool WriterParts::Hooks(HistoryWriter& writer, const Epoch& epoch) {
  const HookName* const hooks = epoch.view.header()->hooks;
  RawBuffer& raw = writer.encoder_.raw();
  raw.Clear();
  uint64_t hash = 1;
  for (uint32_t i = 0; i < kMaxHooks; ++i) {
    if (hooks[i].used == 0) continue;
    const uint8_t state = hooks[i].state.load(std::memory_order_relaxed);
    hash = MixBits(hash ^ (uint64_t{i} << 8) ^ state);
    raw.String(hooks[i].name, sizeof(hooks[i].name));
    raw.Byte(state);
  }
  if (raw.size() == 0 || hash == writer.hooks_hash_) return true;
  const Stored stored = writer.encoder_.Flush(&writer.store_, SegmentKind::kDictionary, 0,
                                              RecordType::kHooks, epoch.number);
  if (stored == Stored::kYes) writer.hooks_hash_ = hash;
  return stored != Stored::kFailed;
}

}  // namespace leaktrack::capture

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/lazy_binding.h"

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kLongestTrampoline = 192;
constexpr uintptr_t kMostRelocations = 1 << 24;

// Space that the trampoline reserves below the aligned rbx.
struct SaveArea {
  uintptr_t alignment = 0;  // 0: not a trampoline that we know
  uintptr_t bytes = 0;
};

uintptr_t LoadBytes(uintptr_t address, unsigned bytes) {
  return LoadStackWord(address) << (64 - 8 * bytes) >> (64 - 8 * bytes);
}

// push %rbx; mov %rsp,%rbx; and $-alignment,%rsp; sub bytes,%rsp. Here bytes is a constant or a
// word of the loader's.
SaveArea ReadPrologue(uintptr_t code) {
  constexpr uintptr_t kPushMoveAnd = 0xe4'8348'e389'4853;
  if (LoadBytes(code, 7) != kPushMoveAnd) return {};
  const auto mask = static_cast<int8_t>(LoadBytes(code + 7, 1));
  const auto operand = static_cast<int32_t>(LoadBytes(code + 11, 4));
  const uintptr_t opcode = LoadBytes(code + 8, 3);
  SaveArea area{.alignment = static_cast<uintptr_t>(-mask),
                .bytes = static_cast<uintptr_t>(operand)};
  if (opcode == 0x25'2b48) {
    area.bytes = LoadStackWord(code + 15 + static_cast<uintptr_t>(static_cast<intptr_t>(operand)));
  } else if (opcode != 0xec'8148) {
    return {};
  }
  return mask < 0 && area.bytes < 64 * 1024 ? area : SaveArea{};
}

// The code before `pc` is mapped up to the start of its page. Beyond that it is probed.
SaveArea FindSaveArea(uintptr_t pc) {
  if (!raw::Readable(reinterpret_cast<const void*>(pc - kLongestTrampoline))) return {};
  for (uintptr_t back = 15; back < kLongestTrampoline; ++back) {
    const SaveArea area = ReadPrologue(pc - back);
    if (area.alignment != 0) return area;
  }
  return {};
}

// The first word of a link_map is its module's bias.
bool PushedByPlt(UnwindMemo& memo, uintptr_t cfa) {
  uintptr_t return_address;
  uintptr_t index;
  uintptr_t map;
  if (!ReadStackWord(memo, cfa - 8, return_address) || !ReadStackWord(memo, cfa - 16, index) ||
      !ReadStackWord(memo, cfa - 24, map)) {
    return false;
  }
  const ModuleView caller = ViewModule(return_address - 1);
  return caller.number != 0 && index < kMostRelocations && (map & 7) == 0 &&
         raw::Readable(reinterpret_cast<const void*>(map)) && LoadStackWord(map) == caller.bias;
}

}  // namespace

uintptr_t FindLazyBindingCfa(UnwindMemo& memo, int32_t cfa_offset, const FrameState& state) {
  const SaveArea area = FindSaveArea(state.return_address);
  for (uintptr_t shift = 0; shift < area.alignment; shift += 8) {
    const uintptr_t cfa =
        state.sp + area.bytes + shift + static_cast<uintptr_t>(intptr_t{cfa_offset});
    if (PushedByPlt(memo, cfa)) return cfa;
  }
  return 0;
}

}  // namespace leaktrack::track

// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/cfi/cfi_table.h"

#include "libtrack/platform/cfi/byte_cursor.h"

namespace leaktrack::track {
namespace {

// DWARF pointer encodings: format in the low half, base in the high half.
constexpr uint8_t kEncodingOmit = 0xff;
constexpr uint8_t kEncodingTable = 0x3b;  // signed 32-bit, relative to the header
constexpr uint8_t kEncodingUdata4 = 0x03;

constexpr CfiRule kNoCfi = CfiRule{.cfa = CfaKind::kFramePointer};

bool ReadEncoded(ByteCursor& from, uint8_t format, uint64_t& value) {
  switch (format & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
      value = from.Read<uint64_t>();
      return true;
    case 0x01:
      value = from.Uleb();
      return true;
    case 0x02:
      value = from.Read<uint16_t>();
      return true;
    case 0x03:
      value = from.Read<uint32_t>();
      return true;
    case 0x09:
      value = static_cast<uint64_t>(from.Sleb());
      return true;
    case 0x0a:
      value = static_cast<uint64_t>(int64_t{from.Read<int16_t>()});
      return true;
    case 0x0b:
      value = static_cast<uint64_t>(int64_t{from.Read<int32_t>()});
      return true;
    default:
      return false;
  }
}

// Reads a pointer that is absolute or relative to its own address. FDEs on x86-64 contain no
// others.
bool ReadPointer(ByteCursor& from, uint8_t encoding, uint64_t& value) {
  const uintptr_t place = from.at();
  if (encoding == kEncodingOmit || !ReadEncoded(from, encoding, value)) return false;
  if ((encoding & 0xf0) == 0x10) value += place;
  return (encoding & 0xf0) == 0x10 || (encoding & 0xf0) == 0x00;
}

// Reads what the augmentation letters after 'z' announce.
bool ReadAugmentation(const CfiSection& section, uintptr_t letters, ByteCursor& data, CfiCie& cie) {
  ByteCursor letter(letters, section.segment_end);
  for (uint8_t c = letter.Read<uint8_t>(); c != 0; c = letter.Read<uint8_t>()) {
    uint64_t ignored;
    if (c == 'R') {
      cie.fde_encoding = data.Read<uint8_t>();
    } else if (c == 'P') {
      const uint8_t encoding = data.Read<uint8_t>();
      if (!ReadEncoded(data, encoding, ignored)) return false;
    } else if (c == 'L') {
      data.Skip(1);
    } else if (c == 'S') {
      cie.signal = true;
    } else if (c != 'B') {
      return false;
    }
  }
  return letter.ok() && data.ok();
}

// Sets a cursor to the body of the CIE or FDE at `at`. False for the terminator and for 64-bit
// DWARF.
bool OpenEntry(const CfiSection& section, uintptr_t at, ByteCursor& body) {
  if (at < section.segment_start || at >= section.segment_end) return false;
  ByteCursor header(at, section.segment_end);
  const uint32_t length = header.Read<uint32_t>();
  if (!header.ok() || length < 4 || length > header.end() - header.at()) return false;
  body = ByteCursor(header.at(), header.at() + length);
  return true;
}

// Reads into work.cie. `at` is set last.
__attribute__((noinline)) bool ReadCie(CfiWork& work, const CfiSection& section, uintptr_t at) {
  CfiCie& cie = work.cie;
  cie = {};
  ByteCursor& body = cie.code;
  if (!OpenEntry(section, at, body) || body.Read<uint32_t>() != 0) return false;
  const uint8_t version = body.Read<uint8_t>();
  if (version != 1 && version != 3) return false;
  const uintptr_t letters = body.at();
  const uint8_t first = body.Read<uint8_t>();
  for (uint8_t c = first; c != 0; c = body.Read<uint8_t>()) {
  }
  cie.code_alignment = body.Uleb();
  cie.data_alignment = body.Sleb();
  const uint64_t return_register = version == 1 ? body.Read<uint8_t>() : body.Uleb();
  if (return_register != 16) return false;
  if (first == 'z') {
    cie.has_augmentation = true;
    const uint64_t length = body.Uleb();
    const uintptr_t data = body.at();
    if (!ReadAugmentation(section, letters + 1, body, cie) || body.at() - data > length)
      return false;
    body.Skip(length - (body.at() - data));
  } else if (first != 0) {
    return false;
  }
  if (!body.ok()) return false;
  cie.at = at;
  return true;
}

// Opens the FDE at `at` (into work.fde) and the CIE that it refers to.
bool OpenFde(CfiWork& work, const CfiSection& section, uintptr_t at) {
  if (!OpenEntry(section, at, work.fde)) return false;
  const uintptr_t cie_field = work.fde.at();
  const uint32_t cie_distance = work.fde.Read<uint32_t>();
  if (cie_distance == 0) return false;
  const uintptr_t cie_at = cie_field - cie_distance;
  if (work.cie.at == cie_at) return true;
  if (!ReadCie(work, section, cie_at)) return false;
  RunCieProgram(work);
  return true;
}

// Reads the fields before the FDE's instructions. False: `pc` is not in its function.
__attribute__((noinline)) bool ReadFdeHead(CfiWork& work, uintptr_t pc, uintptr_t& start) {
  const CfiCie& cie = work.cie;
  uint64_t length;
  if (!ReadPointer(work.fde, cie.fde_encoding, start) ||
      !ReadEncoded(work.fde, cie.fde_encoding, length))
    return false;
  // The range is a size, whatever the sign of the format.
  if ((cie.fde_encoding & 0x0f) == 0x0b) length &= 0xffff'ffffU;
  if (pc < start || pc - start >= length) return false;
  if (cie.has_augmentation) work.fde.Skip(work.fde.Uleb());
  return work.fde.ok();
}

struct Pair {
  int32_t start;
  int32_t fde;
};

// The FDE of the last function that starts at or before `pc`. 0: none.
__attribute__((noinline)) uintptr_t FindFde(const CfiSection& section, uintptr_t pc) {
  ByteCursor header(section.header, section.header_end);
  const uint8_t version = header.Read<uint8_t>();
  const uint8_t frame_encoding = header.Read<uint8_t>();
  const uint8_t count_encoding = header.Read<uint8_t>();
  const uint8_t table_encoding = header.Read<uint8_t>();
  uint64_t ignored;
  if (version != 1 || count_encoding != kEncodingUdata4 || table_encoding != kEncodingTable)
    return 0;
  if (frame_encoding != kEncodingOmit && !ReadEncoded(header, frame_encoding, ignored)) return 0;
  const uint32_t count = header.Read<uint32_t>();
  if (!header.ok() || count == 0 || count > (header.end() - header.at()) / sizeof(Pair)) return 0;
  // A frame pointer of 2 or 8 bytes came before it. No linker does that.
  if (header.at() % alignof(Pair) != 0) return 0;

  // No branch on the values read: it would be mispredicted every other time.
  const auto* pair = reinterpret_cast<const Pair*>(header.at());
  const auto target = static_cast<int64_t>(pc - section.header);
  for (uint32_t size = count; size > 1;) {
    const uint32_t half = size / 2;
    pair = pair[half].start <= target ? pair + half : pair;
    size -= half;
  }
  return pair->start <= target ? section.header + static_cast<uintptr_t>(intptr_t{pair->fde}) : 0;
}

}  // namespace

CfiRule FindRule(CfiWork& work, const CfiSection& section, uintptr_t pc) {
  if (section.header == 0) return kNoCfi;
  const uintptr_t fde = FindFde(section, pc);
  uintptr_t start;
  if (fde == 0 || !OpenFde(work, section, fde) || !ReadFdeHead(work, pc, start)) return kNoCfi;
  if (work.cie.signal) return CfiRule{.cfa = CfaKind::kSignal};
  return work.cie.understood ? CompileRule(work, start, pc) : CfiRule{};
}

}  // namespace leaktrack::track

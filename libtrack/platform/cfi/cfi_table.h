// SPDX-License-Identifier: Apache-2.0
//
// Finds the call frame program of a PC through a module's .eh_frame_hdr, the sorted table that the
// linker makes.
//
// Promises: every offset in the table, the FDE and the CIE is checked against the segment before it
// is followed. A damaged module costs a missing rule.
// Refuses: tables that are not sorted pairs of 32-bit offsets (no linker has made others), and
// 64-bit DWARF.
//
// Thread-safety: pure.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_TABLE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_TABLE_H_

#include <cstdint>

#include "libtrack/platform/cfi/cfi_program.h"
#include "libtrack/platform/cfi/cfi_rule.h"

namespace leaktrack::track {

// Where a module's unwind tables are mapped. header 0: the module has none.
struct CfiSection {
  uintptr_t header;  // .eh_frame_hdr
  uintptr_t header_end;
  uintptr_t segment_start;  // the PT_LOAD segment around it, which also contains .eh_frame
  uintptr_t segment_end;
};

// The rule at `pc`. kNone: a row exists that a rule cannot express. kFramePointer: no FDE covers
// the PC. Reads the CIE again unless work.cie is the right one.
CfiRule FindRule(CfiWork& work, const CfiSection& section, uintptr_t pc);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_TABLE_H_

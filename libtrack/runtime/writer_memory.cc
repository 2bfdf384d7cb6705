// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/writer_memory.h"

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/os/sparse_memory.h"

namespace leaktrack::track {
namespace {

using capture::HistoryWriter;

constinit char* g_memory = nullptr;  // its first bytes are mapped, and pieces behind them
constinit size_t g_first_bytes = 0;
constinit size_t g_lent_from[HistoryWriter::kParts]{};
constinit size_t g_lent_bytes[HistoryWriter::kParts]{};

// Lends a part of the writer's memory, in steps. The writer asks for what the tables hold now.
bool LendToWriter(void*, uint32_t part, void* begin, size_t bytes) {
  char* const start = static_cast<char*>(begin);
  size_t& lent = g_lent_bytes[part];
  const size_t wanted =
      (bytes + HistoryWriter::kLendStep - 1) / HistoryWriter::kLendStep * HistoryWriter::kLendStep;
  if (wanted <= lent) return true;
  if (lent != 0 ? !ExtendPiece(start + lent, wanted - lent) : !MapPiece(start, wanted, {}))
    return false;
  g_lent_from[part] = static_cast<size_t>(start - g_memory);
  lent = wanted;
  return true;
}

}  // namespace

HistoryWriter* NewHistoryWriter(const capture::RecorderHeader& header) {
  LEAKTRACK_DCHECK(g_memory == nullptr);
  const size_t bytes = HistoryWriter::MemoryBytes(header);
  char* memory = PlaceSparse(bytes, HistoryWriter::FirstBytes(), {});
  const bool sparse = memory != nullptr;
  if (!sparse) memory = static_cast<char*>(MapPrivate(bytes));  // all at once
  if (memory == nullptr) return nullptr;
  g_memory = memory;
  g_first_bytes = sparse ? HistoryWriter::FirstBytes() : bytes;
  HistoryWriter* const writer = HistoryWriter::Place(memory, bytes, header);
  if (sparse) writer->LendMemory(LendToWriter, nullptr);
  return writer;
}

void DropHistoryWriter() {
  if (g_memory == nullptr) return;
  raw::Munmap(g_memory, g_first_bytes);
  for (uint32_t i = 0; i < HistoryWriter::kParts; ++i) {
    if (g_lent_bytes[i] != 0) raw::Munmap(g_memory + g_lent_from[i], g_lent_bytes[i]);
    g_lent_bytes[i] = 0;
  }
  g_memory = nullptr;
}

}  // namespace leaktrack::track

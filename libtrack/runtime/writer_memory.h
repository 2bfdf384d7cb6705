// SPDX-License-Identifier: Apache-2.0
//
// The memory of the history writer: addresses for all that it may ever need, pages for what it
// asks for.
//
// Promises: what the kernel refuses costs an epoch, and is asked for again. Limits: one writer at a
// time.
//
// Thread-safety: none; the drainer's.   Allocates: never from the program's heap.   Signals: safe.
// Fork: the child drops the parent's writer before it makes one.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_WRITER_MEMORY_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_WRITER_MEMORY_H_

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/capture/write/history_writer.h"

namespace leaktrack::track {

// For an image with these sizes; the caller starts it. Null: there is no memory.
capture::HistoryWriter* NewHistoryWriter(const capture::RecorderHeader& header);

// Gives the memory back; the writer is gone with it.
void DropHistoryWriter();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_WRITER_MEMORY_H_

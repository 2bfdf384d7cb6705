// SPDX-License-Identifier: Apache-2.0
//
// The memory of the history writer: addresses for all that it may ever need, and pages for what it
// asks for.
//
// Promise: a refusal by the kernel costs an epoch, and is asked for again.
// Limit: one writer at a time.
//
// Thread-safety: none; the drainer only.
// Allocates: never from the program's heap.
// Signals: safe.
// Fork: the child drops the parent's writer before it makes one.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_WRITER_MEMORY_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_WRITER_MEMORY_H_

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/capture/write/history_writer.h"

namespace leaktrack::track {

// A writer for an image with these sizes. The caller starts it. Null: there is no memory.
capture::HistoryWriter* NewHistoryWriter(const capture::RecorderHeader& header);

// Gives the memory back, and with it the writer.
void DropHistoryWriter();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_WRITER_MEMORY_H_

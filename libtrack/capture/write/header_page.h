// SPDX-License-Identifier: Apache-2.0
//
// The first page of a capture: which process it belongs to, and where its flight recorder lies.
// After the start only its command, limit_id and cgroup are rewritten.
//
// Thread-safety: as the memory that the caller passes.
// Allocates: never.
// Signals: as FileOps.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HEADER_PAGE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HEADER_PAGE_H_

#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"
#include "libtrack/capture/write/segment_store.h"

namespace leaktrack::capture {

// Builds this run's header page in `page` and writes it at the start of the file. `recorder_path`
// is where the image can be found after a kill; nullptr or empty: it is anonymous memory. False:
// the write failed and may be tried again.
[[nodiscard]] bool WriteHeaderPage(const FileOps& file, const RecorderHeader& from,
                                   const char* recorder_path, FileHeader* page);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HEADER_PAGE_H_

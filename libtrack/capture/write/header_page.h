// SPDX-License-Identifier: Apache-2.0
//
// The first page of a capture: whose it is, and where its flight recorder lies. It never changes
// once history follows it.
//
// Thread-safety: as the memory handed over.   Allocates: never.   Signals: as FileOps.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HEADER_PAGE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HEADER_PAGE_H_

#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"
#include "libtrack/capture/write/segment_store.h"

namespace leaktrack::capture {

// Makes the page of this run in `page` and writes it at the start of the file. `recorder_path`:
// where the image can be found after a kill; nullptr or empty: it is anonymous memory. False: the
// file refused; it may be tried again.
[[nodiscard]] bool WriteHeaderPage(const FileOps& file, const RecorderHeader& from,
                                   const char* recorder_path, FileHeader* page);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_HEADER_PAGE_H_

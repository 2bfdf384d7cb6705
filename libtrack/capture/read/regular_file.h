// SPDX-License-Identifier: Apache-2.0
//
// Opens and reads files that somebody else has named, for the tools.
//
// Why not open() alone: the name may be that of a FIFO, which waits for ever, of a device, which
// may act when it is opened, or of a directory. Names come from users, from directories that others
// write to, and from captures. Promises: regular files only, nothing else is opened; neither a
// writer, a lease nor a terminal is waited for; no more is read than asked for, whatever the file
// claims or becomes. Limits: a file system that does not answer (a dead file server) is waited for,
// as by any program.
//
// Thread-safety: safe. Used by tools and tests, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_REGULAR_FILE_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_REGULAR_FILE_H_

#include <fcntl.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace leaktrack::capture {

// "a FIFO", "a device" ...: what is no regular file.
const char* KindOfFile(mode_t mode);

// A descriptor to close, or -1 and in `why` a few words: "is a FIFO, not a file". `flags`:
// O_RDONLY, O_RDWR, O_NOFOLLOW ...
int OpenRegular(const std::string& path, int flags, std::string* why);

// At most `most` bytes from the start.
bool ReadRegular(const std::string& path, uint64_t most, std::vector<uint8_t>* bytes,
                 std::string* why, int flags = O_RDONLY);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_REGULAR_FILE_H_

// SPDX-License-Identifier: Apache-2.0
//
// Opens and reads files that somebody else has named, for the tools.
//
// Why open() alone is not enough: the name may belong to a FIFO, which blocks for ever, to a
// device, which may act when it is opened, or to a directory. Names come from users, from
// directories that others can write to, and from captures.
// Promises: only regular files are opened. The call waits for no writer, lease or terminal. It
// reads no more than was asked for, whatever size the file claims or grows to.
// Limit: it does wait for a file system that does not answer (a dead file server), like any
// program.
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

// "a FIFO", "a device" ...: names a file type that is not a regular file.
const char* KindOfFile(mode_t mode);

// Returns a descriptor that the caller closes, or -1. Then `why` gets a few words: "is a FIFO, not
// a file". `flags`: O_RDONLY, O_RDWR, O_NOFOLLOW ...
int OpenRegular(const std::string& path, int flags, std::string* why);

// Reads at most `most` bytes from the start.
bool ReadRegular(const std::string& path, uint64_t most, std::vector<uint8_t>* bytes,
                 std::string* why, int flags = O_RDONLY);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_REGULAR_FILE_H_

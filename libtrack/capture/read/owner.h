// SPDX-License-Identifier: Apache-2.0
//
// Whether the process that a recorder or a capture belongs to lives, and which process of this
// machine it is.
//
// What: the one place where tools ask this. Why one: a number alone names nobody. Each container
// has a pid 1, numbers come again, even those of pid namespaces, and a capture may have come from
// another machine. Promises: kAlive only for the very process: of this boot, of that namespace,
// begun at that time. It is found from outside its namespace, too (NSpid in /proc/PID/status).
// kDead only on proof: its namespace is ours, or all of the machine can be seen, and it is not
// there, is a zombie, or another that got its number. A capture of another boot is never alive.
// Limits: a container sees nothing of other containers: of their processes nothing is known there.
// Captures of before 1.3 say when the run began, not when its process did: a process with the same
// number that began before that is taken for it.
//
// Thread-safety: safe; what was seen of all processes is kept for a second by each thread. Used by
// tools, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_OWNER_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_OWNER_H_

#include <array>
#include <cstdint>
#include <string>

#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {

enum class Life : uint8_t {
  kUnknown,  // it cannot be seen from here
  kAlive,
  kDead,
  kElsewhere,  // of another machine, or of this one before it was restarted
};

// What a run has written down of itself.
struct OwnerFacts {
  std::array<uint8_t, 16> boot_id{};  // zeros: not known, as where /proc is not mounted
  std::string host;
  uint64_t pid_namespace = 0;  // 0: not known
  uint32_t pid = 0;
  uint64_t start_ticks = 0;        // of the process, as /proc/PID/stat tells it; 0: not known
  int64_t start_monotonic_ns = 0;  // of the run; 0: not known
};

struct Owner {
  Life life = Life::kUnknown;
  uint32_t pid_here = 0;  // its number in our /proc; 0: it is not alive, or not to be seen there
};

OwnerFacts OwnerFactsOf(const FileHeader& header);

Owner LookForOwner(const OwnerFacts& facts);

// The kernel's mark in the recorder tells more than /proc: it is right from any namespace.
Owner OwnerOf(const RecorderHeader& header);

// False where it surely is of another machine or boot.
bool IsThisBoot(const OwnerFacts& facts);
bool IsThisBoot(const RecorderHeader& header);

// Whether its numbers are ours: of this boot and of our pid namespace, or of one that is not known.
bool NumbersAreOurs(const OwnerFacts& facts);
bool NumbersAreOurs(const RecorderHeader& header);

// The inode of our own pid namespace; 0 if it is not known.
uint64_t OwnPidNamespace();

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_OWNER_H_

// SPDX-License-Identifier: Apache-2.0
//
// Tells whether the process that a recorder or a capture belongs to is alive, and which process of
// this machine it is.
//
// This is the only place where tools decide that. Why one place: a process number alone identifies
// nothing. Each container has a pid 1, numbers are reused (those of pid namespaces too), and a
// capture may come from another machine.
// Promises: kAlive only for the very process: of this boot, of that namespace, started at that
// time. It is also found from outside its namespace (NSpid in /proc/PID/status). kDead only on
// proof: we are in its namespace or can see the whole machine, and the process is missing, is a
// zombie, or is another one that got its number. A capture of another boot is never alive.
// Limits: a container sees nothing of other containers, so nothing is known of their processes. A
// capture from before 1.3 says when the run began, not when its process began. A process with the
// same number that began before the run is taken for it.
//
// Thread-safety: safe. Each thread keeps a list of all processes for a second.
// Used by tools, never by libtrack.
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
  kElsewhere,  // on another machine, or on this one before it was restarted
};

// What a run has written about itself.
struct OwnerFacts {
  std::array<uint8_t, 16> boot_id{};  // zeros: not known, for example if /proc is not mounted
  std::string host;
  uint64_t pid_namespace = 0;  // 0: not known
  uint32_t pid = 0;
  uint64_t start_ticks = 0;        // of the process, from /proc/PID/stat; 0: not known
  int64_t start_monotonic_ns = 0;  // of the run; 0: not known
};

struct Owner {
  Life life = Life::kUnknown;
  uint32_t pid_here = 0;  // its number in our /proc; 0: not alive, or not visible there
};

OwnerFacts OwnerFactsOf(const FileHeader& header);

Owner LookForOwner(const OwnerFacts& facts);

// Uses the kernel's mark in the recorder, which is right from any namespace, before /proc.
Owner OwnerOf(const RecorderHeader& header);

// False if it certainly comes from another machine or boot.
bool IsThisBoot(const OwnerFacts& facts);
bool IsThisBoot(const RecorderHeader& header);

// True if its process numbers are ours: of this boot, and of our pid namespace or of an unknown
// one.
bool NumbersAreOurs(const OwnerFacts& facts);
bool NumbersAreOurs(const RecorderHeader& header);

// The inode of our own pid namespace; 0: not known.
uint64_t OwnPidNamespace();

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_OWNER_H_

// SPDX-License-Identifier: Apache-2.0
//
// What a held process and the tool that looks at it say to each other.
//
// One connection for each hold, by a socket of packets whose abstract name the tool chose. The
// process sends a HoldRequest and waits. The tool looks at its memory, sends a HoldAnswer, and the
// process goes on. Whoever closes the connection frees the other.
// Why packets over a socket: the kernel tells each side who the other is, in its own numbers; a
// side that dies is seen at once; and an abstract name is reached from a chroot, too.
//
// Layout rule: a change of a struct here raises kHoldVersion. The tool and the library of one hold
// are of one build, so only one version is understood.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_HOLD_REQUEST_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_HOLD_REQUEST_H_

#include <cstdint>

namespace leaktrack::capture {

inline constexpr uint64_t kHoldMagic = 0x3130'444c'4f48'544cULL;  // "LTHOLD01"
inline constexpr uint32_t kHoldVersion = 1;
// The process goes on after that time, whatever happens outside.
inline constexpr uint64_t kLongestHoldNs = 30'000'000'000;

enum class HoldMoment : uint32_t {
  kExit = 1,   // after the last exit handler
  kCheck = 2,  // the program asked for its final check (__lsan_do_leak_check)
  kRecoverableCheck = 3,
};

inline constexpr uint32_t kSavedRegisters = 6;
inline constexpr uint32_t kMostRootRegions = 256;
struct RootRegion {
  uint64_t start;
  uint64_t bytes;  // 0: not in use
};

struct HoldRequest {
  uint64_t magic;
  uint32_t version;
  uint32_t moment;  // HoldMoment
  uint64_t run_id;
  uint64_t stack;           // the calling thread's, in use from here up
  uint64_t thread_pointer;  // of the calling thread
  uint64_t registers[kSavedRegisters];
  uint64_t root_regions;    // address of RootRegion[kMostRootRegions] in the process
  uint64_t drainer_thread;  // thread pointer of the tracker's own thread; 0: there is none
  uint32_t tid;             // of the calling thread, as the process numbers it
  uint32_t drainer_tid;     // 0: there is none
  uint32_t excuses;         // 1: the program disabled the check for some blocks, or ignored some
  uint32_t reserved;
};
static_assert(sizeof(HoldRequest) == 120);

struct HoldAnswer {
  uint32_t lost;  // 1: blocks are lost
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_HOLD_REQUEST_H_

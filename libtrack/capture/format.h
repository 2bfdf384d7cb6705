// SPDX-License-Identifier: Apache-2.0
//
// The capture file, in one page (prose and reasons: FORMAT.md).
//
//   offset 0      FileHeader, 4 KiB: facts of the process; command and limit_id may be written anew
//   offset 4096   segment 0, 64 KiB: SegmentHeader, record, record, ..., 32 zero bytes, (stale
//                 bytes of an older use)
//   offset 69632  segment 1, ...                                                         at most
//                 1,023 of them
//
// Segments are appended on demand and reused in place, per kind as a ring. Every record is complete
// in itself and checksummed; its `sequence` must be its segment's, which tells it from what an
// older use left behind.
//
// Version rule: a new record type or a field at the end of a payload => kMinor + 1 (old readers
// skip it by length); anything an old reader would misread => kMajor + 1 and a new
// tests/golden/captures/vN. Readers read all older majors. If an assert below fires, the layout on
// disk has changed: restore it, or bump the version by the rule above.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_FORMAT_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_FORMAT_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::capture {

inline constexpr uint64_t kCaptureMagic = 0x3130'5041'434b'544cULL;  // "LTKCAP01"
inline constexpr uint16_t kMajor = 1;
// 1: what the allocator says, work units; 2: notes, pools, immortal blocks; 3: start ticks, limit,
// execs; 4: survivors drawn site by site
inline constexpr uint16_t kMinor = 4;
inline constexpr uint32_t kSegmentMagic = 0x4753'544cU;  // "LTSG"

inline constexpr uint64_t kHeaderBytes = 4096;
inline constexpr uint64_t kSegmentBytes = 64 * 1024;
inline constexpr uint32_t kMaxSegments = 1023;
inline constexpr uint64_t kMaxFileBytes = kHeaderBytes + kMaxSegments * kSegmentBytes;
static_assert(kMaxFileBytes <= uint64_t{64} << 20, "the promise of 64 MiB for any duration");

// Before compression. One record always fits an empty segment, even when it does not compress.
inline constexpr uint32_t kMaxRawBytes = 48 * 1024;

enum FileFlags : uint32_t {
  kFileRecorderAnonymous =
      1,              // the recorder was in anonymous memory: nothing to look for after a kill
  kFileNoThread = 2,  // counters only: folded by another program
  kFileComplete = 4,  // a copy that holds what its recorder held: that is not asked any more
};

struct FileHeader {
  uint64_t magic;
  uint16_t major, minor;
  uint32_t header_bytes;
  uint64_t features;  // zero; a bit a reader does not know means that it may not read
  uint64_t run_id, parent_run_id;
  uint8_t boot_id[16];
  uint64_t pid_namespace;
  uint32_t pid, parent_pid;
  int64_t start_realtime_ns, start_monotonic_ns;
  uint64_t configured_interval;
  uint32_t flags;  // FileFlags
  uint32_t segment_bytes;
  char host[72], program[72];
  char recorder_path[256];
  char command[1024];
  uint64_t start_ticks;  // since 1.3: of the process, as /proc/PID/stat tells it; 0: not known
  uint64_t limit_id;  // since 1.3: inode of the file of the cgroup's limit that holds; 0: none, or
                      // not known
  uint8_t reserved[2548];
  uint32_t crc;  // CRC32C of all before it
};
static_assert(sizeof(FileHeader) == kHeaderBytes);

enum class SegmentKind : uint8_t {  // values are on disk: add, never renumber
  kNone = 0,
  kDictionary = 1,  // stacks, modules, hooks: append-only, capped
  kHistory = 2,     // absolute sums; one ring per level
  kSurvivors = 3,   // two generations of full set + changes
  kKept = 4,        // deaths kept one by one: a ring
  kStatus = 5,      // one record per epoch, its commit: a small ring
};

inline constexpr uint32_t kLevels = 7;  // level k: one record per 8^k seconds
inline constexpr uint64_t LevelPeriodMs(uint32_t level) { return uint64_t{1000} << (3 * level); }

struct SegmentHeader {
  uint32_t magic;
  SegmentKind kind;
  uint8_t level;
  uint16_t major;
  uint64_t sequence;  // raised with every use of a segment in this file; never 0
  uint64_t run_id;
  uint32_t generation;  // of survivors
  uint32_t crc;         // CRC32C of all before it
};
static_assert(sizeof(SegmentHeader) == 32);

enum class RecordType : uint8_t {  // values are on disk: add, never renumber
  kStacks = 1,
  kModules = 2,
  kHooks = 3,
  kCells = 4,
  kSurvivorSet = 5,     // all survivors in a range of slots
  kSurvivorChange = 6,  // single slots: new contents, or empty
  kKeptDeaths = 7,
  kStatus = 8,
  kNotes = 9,  // since 1.2: phases, snapshots, pools
};

enum class Codec : uint8_t { kRaw = 0, kZstd = 1 };

struct RecordHeader {
  uint32_t crc;     // CRC32C of the rest of the header and of the payload
  uint32_t length;  // of the payload as stored
  RecordType type;
  Codec codec;
  uint16_t chunk, chunk_count;  // which part of what this epoch says about the type; count 0: not
                                // known when written
  uint16_t reserved;
  uint64_t sequence;  // of the segment
  uint32_t epoch;
  uint32_t raw_length;
};
static_assert(sizeof(RecordHeader) == 32);
static_assert(sizeof(SegmentHeader) + 2 * sizeof(RecordHeader) + kMaxRawBytes + 1024 <=
              kSegmentBytes);

// Survivors are told apart by where they lie: live-table slots by segment and index, mappings above
// them.
inline constexpr uint64_t kSlotSegmentShift = 40;
inline constexpr uint64_t kMappingSlots = uint64_t{255} << kSlotSegmentShift;

// One reading of the process's memory, bytes; -1: not known. On disk: varints, each value + 1, in
// this order; the first kFirstMemoryFields stand at the head of a cells record, the others, that
// later minor versions added, at its end.
struct MemorySampleRaw {
  int64_t rss = -1, anonymous = -1, file = -1, shared = -1, swap = -1, stack = -1;
  int64_t cgroup_current = -1, cgroup_max = -1, rlimit_as = -1, machine_total = -1,
          machine_available = -1;
  int64_t oom_kills = -1, psi_some_total_us = -1;
  // Since 1.1. What the allocator said at allocator_read_ms (it is asked rarely); work counted by
  // the program itself.
  int64_t allocator_in_use = -1, allocator_free = -1, allocator_mapped = -1, allocator_arenas = -1;
  int64_t allocator_read_ms = -1, work_units = -1;
  int64_t threads = -1, address_space = -1, cgroup_reclaimable = -1;
};
inline constexpr uint32_t kFirstMemoryFields = 13;
inline constexpr uint32_t kMemoryFields = 22;
static_assert(sizeof(MemorySampleRaw) == kMemoryFields * sizeof(int64_t));

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_FORMAT_H_

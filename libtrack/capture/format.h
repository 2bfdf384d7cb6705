// SPDX-License-Identifier: Apache-2.0
//
// The capture file on one page (FORMAT.md has the prose and the reasons).
//
//  offset 0      FileHeader, 4 KiB: facts of the process; command and limit_id may be rewritten
//  offset 4096   segment 0, 64 KiB: SegmentHeader, record, record, ..., 32 zero bytes,
//                (stale bytes of an older use)
//  offset 69632  segment 1, ...  (at most 1,023 segments)
//
// Segments are appended on demand and reused in place, as one ring per kind. Every record is
// complete in itself and checksummed. Its `sequence` must equal its segment's, which distinguishes
// it from what an older use left behind.
//
// Version rule. A new record type, or a field at the end of a payload: kMinor + 1 (old readers skip
// it by length). Anything that an old reader would misread: kMajor + 1 and a new
// tests/golden/captures/vN. Readers read all older majors. If an assert below fails, the layout on
// disk has changed: restore it, or raise the version by this rule.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_FORMAT_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_FORMAT_H_

#include <cstddef>
#include <cstdint>

namespace leaktrack::capture {

inline constexpr uint64_t kCaptureMagic = 0x3130'5041'434b'544cULL;  // "LTKCAP01"
inline constexpr uint16_t kMajor = 1;
// 1: the allocator's figures, work units; 2: notes, pools, immortal blocks; 3: start ticks, limit,
// execs; 4: survivors drawn site by site; 5: cgroup, OOM kill
inline constexpr uint16_t kMinor = 5;
inline constexpr uint32_t kSegmentMagic = 0x4753'544cU;  // "LTSG"

inline constexpr uint64_t kHeaderBytes = 4096;
inline constexpr uint64_t kSegmentBytes = 64 * 1024;
inline constexpr uint32_t kMaxSegments = 1023;
inline constexpr uint64_t kMaxFileBytes = kHeaderBytes + kMaxSegments * kSegmentBytes;
static_assert(kMaxFileBytes <= uint64_t{64} << 20, "the promise of 64 MiB for any duration");

// Before compression. A record always fits an empty segment, even if it does not compress.
inline constexpr uint32_t kMaxRawBytes = 48 * 1024;

enum FileFlags : uint32_t {
  // The recorder was in anonymous memory: there is nothing to look for after a kill.
  kFileRecorderAnonymous = 1,
  kFileNoThread = 2,  // counters only: another program folded it
  kFileComplete = 4,  // a copy that holds all that its recorder held: do not look for the recorder
};

// The cgroup in which a process is, of whichever version of cgroups limits memory.
inline constexpr uint32_t kCgroupBytes = 512;
struct CgroupFacts {
  char folder[kCgroupBytes];  // where its files are in the process's mount namespace; empty: not
                              // known
  char name[kCgroupBytes];    // as the kernel names it, in the process's cgroup namespace
  // The limit that applies is set by the folder without so many bytes at its end.
  uint32_t level_cut;
  uint32_t reserved;
  // Inode of its file that counts OOM kills: nobody else's, on this boot. 0: not known.
  uint64_t id;
  int64_t oom_kills_before;  // what it had counted when the run began; -1: not known
};

// Since 1.5: a SIGKILL that was found to be the OOM killer's, by the program that folded.
enum class OomWitness : uint8_t {  // values are on disk: add, never renumber
  kNone = 0,
  kCgroupCounter = 1,  // the cgroup has counted a kill since
  kKernelLog = 2,      // the kernel's log names the process
};
enum class OomScope : uint8_t {  // values are on disk: add, never renumber
  kCgroup = 0,                   // a cgroup's limit was reached
  kGroup = 1,    // the same, and the cgroup was killed as a whole (memory.oom.group)
  kMachine = 2,  // the machine had no memory left
};
struct OomRecord {
  OomWitness by;
  OomScope scope;
  uint8_t reserved[6];
  int64_t limit_bytes;        // -1: not known
  int64_t realtime_ns;        // of the kill
  char cgroup[kCgroupBytes];  // whose limit it was; empty: not known
};

struct FileHeader {
  uint64_t magic;
  uint16_t major, minor;
  uint32_t header_bytes;
  uint64_t features;  // zero; a reader that does not know a bit must not read the file
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
  uint64_t start_ticks;  // since 1.3: of the process, from /proc/PID/stat; 0: not known
  // Since 1.3: inode of the limit file of the cgroup whose limit applies; 0: none or not known.
  uint64_t limit_id;
  CgroupFacts cgroup;  // since 1.5
  OomRecord oom;       // since 1.5; before: zeros
  uint8_t reserved[2548 - sizeof(CgroupFacts) - sizeof(OomRecord)];
  uint32_t crc;  // CRC32C of all bytes before it
};
static_assert(sizeof(FileHeader) == kHeaderBytes);

enum class SegmentKind : uint8_t {  // values are on disk: add, never renumber
  kNone = 0,
  kDictionary = 1,  // stacks, modules, hooks: append-only, capped
  kHistory = 2,     // absolute sums; one ring per level
  kSurvivors = 3,   // two generations of full set and changes
  kKept = 4,        // deaths kept one by one: a ring
  kStatus = 5,      // one record per epoch, which commits it: a small ring
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
  uint32_t generation;  // for survivors
  uint32_t crc;         // CRC32C of all fields before it
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
  uint32_t length;  // of the stored payload
  RecordType type;
  Codec codec;
  // The number of this part, and how many parts this epoch has of the type; count 0: not known when
  // this part was written.
  uint16_t chunk, chunk_count;
  uint16_t reserved;
  uint64_t sequence;  // of the segment
  uint32_t epoch;
  uint32_t raw_length;
};
static_assert(sizeof(RecordHeader) == 32);
static_assert(sizeof(SegmentHeader) + 2 * sizeof(RecordHeader) + kMaxRawBytes + 1024 <=
              kSegmentBytes);

// A survivor is identified by its slot: live-table slots by segment and index, mappings in the
// numbers above them.
inline constexpr uint64_t kSlotSegmentShift = 40;
inline constexpr uint64_t kMappingSlots = uint64_t{255} << kSlotSegmentShift;

// One reading of the process's memory, in bytes; -1: not known. On disk each value + 1 is a varint,
// in this order. The first kFirstMemoryFields stand at the head of a cells record. The others were
// added by later minor versions and stand at its end.
struct MemorySampleRaw {
  int64_t rss = -1, anonymous = -1, file = -1, shared = -1, swap = -1, stack = -1;
  int64_t cgroup_current = -1, cgroup_max = -1, rlimit_as = -1, machine_total = -1,
          machine_available = -1;
  int64_t oom_kills = -1, psi_some_total_us = -1;
  // Since 1.1: what the allocator said at allocator_read_ms (it is asked rarely), and work that the
  // program itself counted.
  int64_t allocator_in_use = -1, allocator_free = -1, allocator_mapped = -1, allocator_arenas = -1;
  int64_t allocator_read_ms = -1, work_units = -1;
  int64_t threads = -1, address_space = -1, cgroup_reclaimable = -1;
};
inline constexpr uint32_t kFirstMemoryFields = 13;
inline constexpr uint32_t kMemoryFields = 22;
static_assert(sizeof(MemorySampleRaw) == kMemoryFields * sizeof(int64_t));

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_FORMAT_H_

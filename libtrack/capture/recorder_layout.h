// SPDX-License-Identifier: Apache-2.0
//
// The flight recorder: the shared-memory image in which a tracked process keeps all that it knows.
//
// What: one tmpfs file per run (/dev/shm/leaktrack.<pid>.<run id>), mapped shared by the tracked
// process and read, alive or dead, by the tools. A header page and a set of regions; every table of
// libtrack/record lies in one of them. Why: stores to tmpfs pages survive SIGKILL and the OOM
// killer, and never wait for a disk.
// Promises: all numbers are monotonic or self-describing, so that a reader may look at any moment,
// also between any two instructions of a writer: counters are absolute (never deltas), records
// become visible by one release store, a region is only ever appended to or read through a slot
// whose key says whether it is valid.
// Limits: x86-64 little-endian; one writer process; version below.
//
// Layout rule: change a struct here => raise kRecorderVersion. The recorder does not outlive a
// boot, so readers support exactly one version and refuse others by name.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_RECORDER_LAYOUT_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_RECORDER_LAYOUT_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace leaktrack::capture {

inline constexpr uint64_t kRecorderMagic = 0x3130'4345'524b'544cULL;  // "LTKREC01"
inline constexpr uint32_t kRecorderVersion = 6;

// ---- Words that file and recorder share
// -----------------------------------------------------------------------------

// A frame is the ELF virtual address of a call site inside a module, 48 bits, below the module's
// number, 16 bits. "Call site" is the return address minus one, except for a frame that a signal
// interrupted, where it is the interrupted instruction itself: readers never adjust it. Module 0
// means "in no known module"; the address is then the absolute one.
using Frame = uint64_t;
inline constexpr uint32_t kUnknownModule = 0;
inline constexpr Frame MakeFrame(uint32_t module, uint64_t address) {
  return (uint64_t{module} << 48) | (address & 0xffff'ffff'ffffULL);
}
inline constexpr uint32_t FrameModule(Frame frame) { return static_cast<uint32_t>(frame >> 48); }
inline constexpr uint64_t FrameAddress(Frame frame) { return frame & 0xffff'ffff'ffffULL; }

// A site is a distinct allocation stack: the offset of its StackRecord in the depot arena, divided
// by 8. 0: no site.
using SiteId = uint32_t;

enum class SiteKind : uint8_t {  // values are on disk: add, never renumber
  kHeap = 0,
  kMapping = 1,
  kPool = 2,  // an object of a pool that the program has announced; the last frame names the pool
  kImmortal = 3,  // a block that the program has marked as meant to live for ever, heap or pool
};

// Stands behind the frames of a pool's objects: the module's number is that of no module, the
// address is the pool's number.
inline constexpr uint32_t kPoolModule = 0xffff;

enum StackFlags : uint8_t {
  kStackTruncated =
      1,  // more frames existed than were kept, or unwinding stopped before the stack's root
};

// What the hook coverage says of a function: active (interposed and forwarding), absent (the
// program's allocator does not have it), bypassed (the allocator has it but we could not stand
// before it).
enum class HookState : uint8_t { kAbsent = 0, kActive = 1, kBypassed = 2 };

enum class RunState : uint32_t {  // values are on disk: add, never renumber
  kStarting = 0,
  kRunning = 1,
  kExited = 2,   // exit(), _exit(), quick_exit() or return from main was seen
  kCrashed = 3,  // abort() was seen, or `run` saw a crashing signal
  kExec = 4,     // replaced by another program
  kKilled = 5,   // written by the folder: the owner died without a word
};

// Age bands of a death: four per octave of milliseconds. Band numbers share one byte with the other
// kinds of cell.
inline constexpr uint8_t kBandBirths = 0;
inline constexpr uint8_t kBandYoungest = 1;     // died younger than 1 ms
inline constexpr uint8_t kBandFirstOctave = 2;  // [1 ms, 2^(1/4) ms)
inline constexpr uint8_t kBandLast = 200;
inline constexpr uint8_t kBandRelabelled =
    253;  // weight gained when thinning raised the interval of a survivor
inline constexpr uint8_t kBandThinned = 254;  // weight that thinning removed (not deaths)

// ---- The header page
// ------------------------------------------------------------------------------------------------

enum RegionId : uint32_t {
  kRegionDepotIndex = 0,  // std::atomic<SiteId>[entries]: open addressing by stack hash
  kRegionDepotArena,      // StackRecord after StackRecord
  kRegionCellIndex,  // std::atomic<uint32_t>[entries]: open addressing; value is cell number + 1
  kRegionCells,      // Cell[entries]
  kRegionLive,       // live-table segments, see LiveSegment
  kRegionMaps,       // MapEntry[entries]
  kRegionModules,    // ModuleEntry[entries]; entry 0 is never used
  kRegionThreads,    // ThreadBlock[entries]
  kRegionCount
};

struct Region {
  uint64_t offset;                        // from the start of the image; page-aligned
  uint64_t reserved_bytes;                // the place set aside; not mapped until used
  std::atomic<uint64_t> committed_bytes;  // backed by allocated pages: touching more may be SIGBUS
  uint64_t entries;                       // capacity in the region's own unit (bytes for the arena)
};

// Every way to lose something. Readers show each that is not zero.
enum LossId : uint32_t {
  kLostAllocations = 0,  // sampled allocations that found no room (live table, depot, memory)
  kLostFrees,            // frees of tracked blocks that could not be settled
  kLostUnwind,           // samples without a stack
  kTruncatedStacks,      // samples whose stack was cut
  kLostKeptEvents,       // kept events that found a full ring (their counters are complete)
  kLostCells,            // births or deaths that found no cell
  kLostModules,          // modules that found no room
  kLostMappings,         // mmap/munmap calls that could not be settled
  kStaleBlocks,  // a new block appeared at the address of one believed live: the free was missed
  kNestedAllocations,  // allocations and mappings made inside our own hooks: passed through, unseen
  kLostThreads,        // threads without a block of their own: their allocations are not sampled
  kLostNotes,          // phases, snapshots and pools of the program that found no room
  kLossCount
};

struct LiveSegment {
  std::atomic<uint64_t> bucket_count;  // power of two; 0: segment not in use. Published last.
  std::atomic<uint64_t> offset;        // LiveBucket[bucket_count], from the start of kRegionLive
};
inline constexpr uint32_t kMaxLiveSegments = 16;
inline constexpr uint32_t kMaxIntervals = 256;
inline constexpr uint32_t kMaxHooks = 64;

struct HookName {
  char name[30];
  std::atomic<uint8_t> state;  // HookState
  uint8_t used;
};

// What the program says of itself through include/leaktrack: a phase, a snapshot, a pool. Slots are
// used again once the drainer has written what is over.
enum class NoteKind : uint8_t {
  kPhase = 1,
  kSnapshot = 2,
  kPool = 3,
  kExec = 4
};  // values are on disk: add, never renumber

// Of a kExec note, which has the path as its name: why the program that was executed is not
// tracked. The note of an exec that failed is ended.
enum class ExecFate : uint16_t {  // values are on disk: add, never renumber
  kTracked = 0,
  kPreloadGone = 1,        // its environment has no LD_PRELOAD
  kPreloadReplaced = 2,    // it has one that does not name the library
  kLibraryOutOfReach = 3,  // it names the library by a path that is not there, as in a chroot
  kStatic = 4,
  kRaisesRights = 5,  // set-id bits or file capabilities: the loader ignores LD_PRELOAD
  kOtherMachine = 6,  // no x86-64 program
  kOtherLibc = 7,     // musl
};
inline constexpr uint16_t kExecOfChild =
    0x100;  // not the process itself, but one that it has forked
enum NoteState : uint32_t { kNoteFree = 0, kNoteBusy, kNoteOpen, kNoteEnded };
struct NoteEntry {
  std::atomic<uint32_t> state;  // NoteState; kNoteOpen and kNoteEnded are stored last (release)
  uint32_t number;              // from 1, in the order of beginnings; unique in the run
  uint64_t start_ms;
  std::atomic<uint64_t> end_ms;  // valid when ended
  uint16_t value;                // of a pool: its number; of an exec: its fate
  NoteKind kind;
  char name[37];
};
static_assert(sizeof(NoteEntry) == 64);
inline constexpr uint32_t kMaxNotes = 128;           // at a time
inline constexpr uint32_t kMostNotesInRun = 16'384;  // the file's dictionary is not for ever

struct RecorderHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t header_bytes;
  uint64_t image_bytes;

  // Robust futex word: the drainer's thread id while it lives. The kernel sets FUTEX_OWNER_DIED
  // (bit 30) when it dies without clearing it. 0 with state kRunning: no drainer thread (then pid,
  // namespace and start decide, owner.h).
  std::atomic<uint32_t> owner;
  std::atomic<uint32_t> state;   // RunState
  std::atomic<uint32_t> folded;  // 1: all of this is in the capture file; the image may be removed
  uint32_t no_thread;            // 1: no drainer was wanted or possible

  uint64_t run_id;
  uint64_t parent_run_id;  // the run this one was forked from, or 0
  uint8_t boot_id[16];
  uint64_t pid_namespace;  // inode of /proc/self/ns/pid, 0 if unknown
  uint32_t pid;
  uint32_t parent_pid;
  int64_t start_realtime_ns;   // CLOCK_REALTIME at the start of the run
  int64_t start_monotonic_ns;  // CLOCK_MONOTONIC at the start; every *_ms below counts from here
  uint64_t start_ticks;  // of the process, as /proc/PID/stat tells it (clock ticks since the boot),
                         // 0 if unknown
  std::atomic<uint64_t> limit_id;  // inode of the file of the cgroup's limit that holds: who shares
                                   // it shares the limit; 0: none
  std::atomic<uint64_t> tick_ms;   // last time the drainer looked at the clock
  std::atomic<uint64_t> end_ms;    // time of a seen end, 0 while running

  char host[72];
  char program[72];         // basename of argv[0]
  char capture_path[1024];  // absolute; empty if there is no capture file
  char command[1024];       // arguments, quoted where needed, cut with "..." when longer
  char allocator[16];       // a name of allocators.h; empty: not known

  uint64_t configured_interval;  // 0: auto; 1: exact; else bytes
  std::atomic<uint64_t> interval_bytes_now;
  std::atomic<uint64_t> interval_bytes_min;
  std::atomic<uint64_t> interval_bytes_max;
  std::atomic<uint32_t> interval_count;                 // used entries of the table below
  std::atomic<uint64_t> interval_bytes[kMaxIntervals];  // samples name their interval by its index

  std::atomic<uint64_t>
      samples_total;  // sampled births since the start; and `samples` of the cells with kCounterKey
  std::atomic<uint64_t> thinned_total;  // samples removed by thinning
  std::atomic<int64_t>
      live_count;  // entries of the live table; and those cells' shares, which may be below 0
  std::atomic<uint64_t> exact_limit_hit_ms;  // when exact mode had to switch to sampling, 0: never

  std::atomic<uint64_t> losses[kLossCount];

  std::atomic<uint64_t> work_units;  // counted by the program itself
  std::atomic<uint32_t> note_count;  // numbers given out
  NoteEntry notes[kMaxNotes];

  std::atomic<uint64_t>
      depot_used_bytes;  // arena cursor: records below it are published or being written
  std::atomic<uint32_t> cell_count;         // cells below it are published or being written
  std::atomic<uint32_t> module_count;       // entries 1..module_count are published
  std::atomic<uint32_t> module_generation;  // changes with every load or unload
  std::atomic<uint32_t> thread_count;       // blocks 0..thread_count-1 were used at least once
  std::atomic<uint32_t> map_count;          // entries 0..map_count-1 of kRegionMaps are in use
  std::atomic<uint32_t> map_lock;           // odd: held (record/map_table.h)
  std::atomic<uint32_t> next_chain;

  HookName hooks[kMaxHooks];
  LiveSegment live_segments[kMaxLiveSegments];
  Region regions[kRegionCount];
};

// ---- Region contents
// ------------------------------------------------------------------------------------------------

// A stack in the depot arena; 8-aligned; `frame_count` frames follow, leaf first. Published when
// `ready` is 1 (release). record_bytes is written before the cursor moves past the record: a
// walker, from offset 0, skips what is not ready. The first two or three records have no frames:
// offset 0 is "no site", then the site of stacks that are not known.
inline constexpr uint64_t kDepotFirstOffset =
    24;  // behind the empty record (24 bytes) at offset 0, which is "no site"
struct StackRecord {
  std::atomic<uint32_t> record_bytes;  // header and frames, multiple of 8; 0: nothing written yet
  std::atomic<uint8_t> ready;
  uint8_t kind;   // SiteKind
  uint8_t flags;  // StackFlags
  uint8_t reserved;
  uint64_t hash;
  uint32_t frame_count;
  uint32_t reserved2;
  Frame frames[];
};
static_assert(sizeof(StackRecord) == 24);

// The monotonic sums of one (site, band): absolute since the start of the run. `samples` is raised
// last (release), so a reader that sees it knows the others hold at least that much. In the
// kBandRelabelled cells, `samples` counts relabellings; everywhere else it counts blocks. Exact
// mode: a cell may belong to one thread at a time, that alone writes it. It names the cell that all
// share, to which its sums are to be added (CellOwnSums, recorder_view.h).
struct Cell {
  std::atomic<uint64_t> key;  // site << 8 | band, and in an own cell the shared one's number + 1 <<
                              // 40; 0: not published
  std::atomic<uint64_t> samples;      // number of sampled blocks
  std::atomic<double> objects;        // sum of 1/p: estimated blocks
  std::atomic<double> bytes;          // sum of s/p: estimated bytes (the weight)
  std::atomic<double> bytes_squared;  // sum of (s/p)^2
  std::atomic<double> variance;       // sum of s^2 (1-p)/p^2: variance of `bytes`
};
static_assert(sizeof(Cell) == 48);
inline constexpr uint32_t kOwnCellShift = 40;
inline constexpr uint64_t kCounterKey =
    uint64_t{0xff'ffff}
    << kOwnCellShift;  // of no site: a thread's share of samples_total and live_count
// Its live blocks are the bits of `objects`: whole, of either sign, and never more than this, which
// is when they go to live_count.
inline constexpr int64_t kCounterMost = 64;
inline double CounterWord(int64_t live) { return std::bit_cast<double>(live); }
inline int64_t CounterLive(double word) { return std::bit_cast<int64_t>(word); }
inline constexpr uint64_t kSharedKeyMask = (uint64_t{1} << kOwnCellShift) - 1;  // site and band

// Live table: two-choice buckets of two cache lines, hot keys and cold details. Slot i of a
// segment: bucket i/4, entry i%4.
inline constexpr uint64_t kSlotEmpty = 0;
inline constexpr uint64_t kSlotBusy = 1;  // being inserted or removed: at most one per thread
inline constexpr uint8_t kExactIndex =
    0;  // the interval index of blocks that are recorded because all are
struct LiveHot {
  std::atomic<uint64_t> key;            // block address, or kSlotEmpty / kSlotBusy
  std::atomic<uint64_t> size_interval;  // size in bytes << 8 | interval index
};
struct LiveCold {
  std::atomic<uint64_t> birth_chain;  // birth in ms << 24 | chain id (0: none)
  std::atomic<uint32_t> site;
  std::atomic<uint32_t>
      first_birth_s;  // birth of the first block of the chain, seconds (0 when no chain)
};
struct alignas(128) LiveBucket {
  LiveHot slots[4];
  LiveCold details[4];
};
static_assert(sizeof(LiveBucket) == 128);

// Anonymous mappings made by the program itself (not by its allocator), exact. Guarded by map_lock;
// readers check `length` for 0 and tolerate a torn entry by its `check` word.
struct MapEntry {
  uint64_t start;
  uint64_t length;  // 0: empty
  uint64_t birth_ms;
  uint32_t site;
  uint32_t check;  // xor of the halves of the other fields
};
static_assert(sizeof(MapEntry) == 32);

struct ModuleEntry {
  uint64_t start;  // first mapped address
  uint64_t end;    // one past the last
  uint64_t bias;   // runtime address minus ELF virtual address
  uint64_t loaded_ms;
  std::atomic<uint64_t> unloaded_ms;  // 0: still loaded
  uint64_t device;
  uint64_t inode;
  uint32_t generation;
  std::atomic<uint8_t> ready;
  uint8_t build_id_size;
  uint8_t reserved[2];
  uint8_t build_id[32];
  char path[416];  // as in /proc/self/maps; cut paths start with "..."
};
static_assert(sizeof(ModuleEntry) == 512);

enum class KeptKind : uint8_t { kDeath = 1 };  // values are on disk: add, never renumber
struct KeptEvent {
  std::atomic<uint64_t> sequence;  // 1 + position in this ring's history; stored last (release)
  uint64_t birth_ms;
  uint64_t death_ms;
  uint64_t size_interval;  // size << 8 | interval index
  uint32_t site;
  uint32_t chain;
  uint8_t kind;  // KeptKind
  uint8_t reserved[7];
};
static_assert(sizeof(KeptEvent) == 48);

inline constexpr uint32_t kRingEvents = 128;
struct ThreadBlock {
  std::atomic<uint32_t> thread_number;  // monotonic, never reused; 0: block is free
  uint32_t tid;
  std::atomic<uint64_t> written;   // events ever pushed
  std::atomic<uint64_t> consumed;  // events taken by the drainer and committed to the file
  uint64_t reserved[5];
  KeptEvent events[kRingEvents];
};
static_assert(sizeof(ThreadBlock) == 64 + 48 * kRingEvents);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_RECORDER_LAYOUT_H_

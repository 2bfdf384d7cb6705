// SPDX-License-Identifier: Apache-2.0
//
// The flight recorder: the shared-memory image in which a tracked process keeps all that it knows.
//
// One tmpfs file per run (/dev/shm/leaktrack.<pid>.<run id>). The tracked process maps it shared.
// The tools read it, whether the process is alive or dead. It has a header page and a set of
// regions, and every table of libtrack/record lies in one of these.
// Why tmpfs: stores to its pages survive SIGKILL and the OOM killer, and never wait for a disk.
// Promises: a reader may look at any moment, also between any two instructions of a writer. For
// this, all numbers are monotonic or self-describing: counters are absolute (never deltas), and a
// record becomes visible by one release store. A region is either append-only, or read through
// slots whose keys say whether they are valid.
// Limits: x86-64 little-endian; one writer process; one version, below.
//
// Layout rule: a change of a struct here raises kRecorderVersion. The recorder does not outlive a
// boot, so readers support exactly one version and refuse others with a message.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_RECORDER_LAYOUT_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_RECORDER_LAYOUT_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/format.h"

namespace leaktrack::capture {

inline constexpr uint64_t kRecorderMagic = 0x3130'4345'524b'544cULL;  // "LTKREC01"
inline constexpr uint32_t kRecorderVersion = 7;

// ---- Words that file and recorder share ----

// The low 48 bits of a frame are the ELF virtual address of a call site in a module. The upper 16
// bits are the module's number. "Call site" is the return address minus one. For a frame that a
// signal interrupted, it is the interrupted instruction itself. So readers never adjust it. Module
// 0 means "in no known module", and the address is then absolute.
using Frame = uint64_t;
inline constexpr uint32_t kUnknownModule = 0;
inline constexpr Frame MakeFrame(uint32_t module, uint64_t address) {
  return (uint64_t{module} << 48) | (address & 0xffff'ffff'ffffULL);
}
inline constexpr uint32_t FrameModule(Frame frame) { return static_cast<uint32_t>(frame >> 48); }
inline constexpr uint64_t FrameAddress(Frame frame) { return frame & 0xffff'ffff'ffffULL; }

// A site is a distinct allocation stack. The id is the offset of its StackRecord in the depot
// arena, divided by 8. 0: no site.
using SiteId = uint32_t;

enum class SiteKind : uint8_t {  // values are on disk: add, never renumber
  kHeap = 0,
  kMapping = 1,
  // An object of a pool that the program has announced; the last frame names the pool.
  kPool = 2,
  // A block, heap or pool, that the program has marked as meant to live for ever.
  kImmortal = 3,
};

// The pseudo-module of the last frame of a pool's objects. The frame's address is the pool's
// number.
inline constexpr uint32_t kPoolModule = 0xffff;

enum StackFlags : uint8_t {
  // More frames existed than were kept, or unwinding stopped before the root of the stack.
  kStackTruncated = 1,
};

// The coverage of a function. Active: interposed and forwarded. Absent: the program's allocator
// does not have it. Bypassed: the allocator has it, but our hook is not called first.
enum class HookState : uint8_t { kAbsent = 0, kActive = 1, kBypassed = 2 };

enum class RunState : uint32_t {  // values are on disk: add, never renumber
  kStarting = 0,
  kRunning = 1,
  kExited = 2,   // exit(), _exit(), quick_exit() or return from main was seen
  kCrashed = 3,  // abort() was seen, or `run` saw a crashing signal
  kExec = 4,     // replaced by another program
  kKilled = 5,   // written by the folder: the owner died without writing an end
};

// Age bands of a death: four per octave of milliseconds. Band numbers share one byte with the other
// kinds of cell.
inline constexpr uint8_t kBandBirths = 0;
inline constexpr uint8_t kBandYoungest = 1;     // died younger than 1 ms
inline constexpr uint8_t kBandFirstOctave = 2;  // [1 ms, 2^(1/4) ms)
inline constexpr uint8_t kBandLast = 200;
// Weight that a survivor gained when thinning raised its interval.
inline constexpr uint8_t kBandRelabelled = 253;
inline constexpr uint8_t kBandThinned = 254;  // weight that thinning removed (these are not deaths)

// ---- The header page ----

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
  uint64_t offset;          // from the start of the image; page-aligned
  uint64_t reserved_bytes;  // the reserve; not mapped until used
  // Backed by allocated pages; touching more may be a SIGBUS.
  std::atomic<uint64_t> committed_bytes;
  uint64_t entries;  // capacity in the region's own unit (bytes for the arena)
};

// All kinds of loss. Readers show each that is not zero.
enum LossId : uint32_t {
  kLostAllocations = 0,  // sampled allocations without room (live table, depot, memory)
  kLostFrees,            // frees of tracked blocks that could not be settled
  kLostUnwind,           // samples without a stack
  kTruncatedStacks,      // samples whose stack was cut
  kLostKeptEvents,       // kept events for which the ring was full (counters are complete)
  kLostCells,            // births or deaths without a cell
  kLostModules,          // modules without room
  kLostMappings,         // mmap/munmap calls that could not be settled
  // A new block came at the address of a live entry: the free was missed.
  kStaleBlocks,
  // Allocations and mappings made inside our own hooks. They pass through unseen.
  kNestedAllocations,
  kLostThreads,  // threads without a block of their own; not sampled
  kLostNotes,    // phases, snapshots and pools without room
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

// What the program says about itself through include/leaktrack: a phase, a snapshot, a pool. A slot
// is reused once the drainer has written the note and its end.
enum class NoteKind : uint8_t {
  kPhase = 1,
  kSnapshot = 2,
  kPool = 3,
  kExec = 4
};  // values are on disk: add, never renumber

// The value of a kExec note, whose name is the path: why the executed program is not tracked. The
// note of a failed exec is ended.
enum class ExecFate : uint16_t {  // values are on disk: add, never renumber
  kTracked = 0,
  kPreloadGone = 1,        // its environment has no LD_PRELOAD
  kPreloadReplaced = 2,    // it has one that does not name the library
  kLibraryOutOfReach = 3,  // it names the library by a path that does not exist, as in a chroot
  kStatic = 4,
  kRaisesRights = 5,  // set-id bits or file capabilities: the loader ignores LD_PRELOAD
  kOtherMachine = 6,  // not an x86-64 program
  kOtherLibc = 7,     // musl, while it was not tracked
};
// Not the process itself executed it, but a child that it had forked.
inline constexpr uint16_t kExecOfChild = 0x100;
enum NoteState : uint32_t { kNoteFree = 0, kNoteBusy, kNoteOpen, kNoteEnded };
struct NoteEntry {
  std::atomic<uint32_t> state;  // NoteState; kNoteOpen and kNoteEnded are stored last (release)
  uint32_t number;              // from 1, in the order they began; unique in the run
  uint64_t start_ms;
  std::atomic<uint64_t> end_ms;  // valid once ended
  uint16_t value;                // pool: its number; exec: its fate
  NoteKind kind;
  char name[37];
};
static_assert(sizeof(NoteEntry) == 64);
inline constexpr uint32_t kMaxNotes = 128;           // at one time
inline constexpr uint32_t kMostNotesInRun = 16'384;  // because the file's dictionary is finite

struct RecorderHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t header_bytes;
  uint64_t image_bytes;

  // Robust futex word: the drainer's thread id while it lives. The kernel sets FUTEX_OWNER_DIED
  // (bit 30) if it dies without clearing the word. 0 with state kRunning: there is no drainer
  // thread, and pid, namespace and start decide (owner.h).
  std::atomic<uint32_t> owner;
  std::atomic<uint32_t> state;   // RunState
  std::atomic<uint32_t> folded;  // 1: all of this is in the capture file; the image may be removed
  uint32_t no_thread;            // 1: a drainer was not wanted or not possible

  uint64_t run_id;
  uint64_t parent_run_id;  // the run this one was forked from, or 0
  uint8_t boot_id[16];
  uint64_t pid_namespace;  // inode of /proc/self/ns/pid, 0 if unknown
  uint32_t pid;
  uint32_t parent_pid;
  int64_t start_realtime_ns;   // CLOCK_REALTIME at the start of the run
  int64_t start_monotonic_ns;  // CLOCK_MONOTONIC at the start; every *_ms below counts from it
  // Of the process, from /proc/PID/stat (clock ticks since the boot); 0 if unknown.
  uint64_t start_ticks;
  // Inode of the limit file of the cgroup whose limit applies. Processes with the same id share the
  // limit. 0: none.
  std::atomic<uint64_t> limit_id;
  CgroupFacts cgroup;             // written by the drainer alone
  std::atomic<uint64_t> tick_ms;  // when the drainer last read the clock
  std::atomic<uint64_t> end_ms;   // when the end was seen; 0 while running

  char host[72];
  char program[72];         // basename of argv[0]
  char capture_path[1024];  // absolute; empty if there is no capture file
  char command[1024];       // arguments, quoted where needed, cut with "..." when longer
  char allocator[16];       // a name of allocators.h; empty: not known

  uint64_t configured_interval;  // 0: auto; 1: exact; else bytes
  std::atomic<uint64_t> interval_bytes_now;
  std::atomic<uint64_t> interval_bytes_min;
  std::atomic<uint64_t> interval_bytes_max;
  std::atomic<uint32_t> interval_count;  // used entries of the table below
  // Samples name their interval by its index in this table.
  std::atomic<uint64_t> interval_bytes[kMaxIntervals];

  // Sampled births since the start. Add `samples` of the kCounterKey cells.
  std::atomic<uint64_t> samples_total;
  std::atomic<uint64_t> thinned_total;  // samples removed by thinning
  // Live-table entries. Add the shares of the kCounterKey cells, which may be negative.
  std::atomic<int64_t> live_count;
  std::atomic<uint64_t> exact_limit_hit_ms;  // when exact mode had to switch to sampling; 0: never

  std::atomic<uint64_t> losses[kLossCount];

  std::atomic<uint64_t> work_units;  // counted by the program itself
  std::atomic<uint32_t> note_count;  // numbers given out
  NoteEntry notes[kMaxNotes];

  // Arena cursor: records below it are published or being written.
  std::atomic<uint64_t> depot_used_bytes;
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

// ---- Region contents ----

// A stack in the depot arena; 8-aligned, followed by `frame_count` frames, leaf first. It is
// published when `ready` is 1 (release). record_bytes is written before the cursor moves past the
// record. So a walker can start at offset 0 and skip what is not ready. The first two or three
// records have no frames: offset 0 is "no site", then the site of unknown stacks follows.
// Just after the empty record (24 bytes) at offset 0, which is "no site".
inline constexpr uint64_t kDepotFirstOffset = 24;
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

// The monotonic sums of one (site, band), absolute since the start of the run. `samples` is raised
// last (release), so a reader that sees it knows that the others hold at least that much. In
// kBandRelabelled cells `samples` counts relabellings; everywhere else it counts blocks. Exact
// mode: a cell may belong to one thread at a time, which alone writes it. Its key names the shared
// cell to which readers add its sums (CellOwnSums, recorder_view.h).
struct Cell {
  // site << 8 | band. In a thread's own cell also the shared cell's number + 1, << 40. 0: not
  // published.
  std::atomic<uint64_t> key;
  std::atomic<uint64_t> samples;      // number of sampled blocks
  std::atomic<double> objects;        // sum of 1/p: estimated blocks
  std::atomic<double> bytes;          // sum of s/p: estimated bytes (the weight)
  std::atomic<double> bytes_squared;  // sum of (s/p)^2
  std::atomic<double> variance;       // sum of s^2 (1-p)/p^2: variance of `bytes`
};
static_assert(sizeof(Cell) == 48);
inline constexpr uint32_t kOwnCellShift = 40;
// The key of a thread's share of samples_total and live_count. It belongs to no site.
inline constexpr uint64_t kCounterKey = uint64_t{0xff'ffff} << kOwnCellShift;
// A thread's share of live blocks is stored as the bits of `objects`: an integer of either sign.
// When it would exceed this limit, it moves to live_count.
inline constexpr int64_t kCounterMost = 64;
inline double CounterWord(int64_t live) { return std::bit_cast<double>(live); }
inline int64_t CounterLive(double word) { return std::bit_cast<int64_t>(word); }
inline constexpr uint64_t kSharedKeyMask = (uint64_t{1} << kOwnCellShift) - 1;  // site and band

// Live table: two-choice buckets of two cache lines, one with hot keys and one with cold details.
// Slot i of a segment is entry i%4 of bucket i/4.
inline constexpr uint64_t kSlotEmpty = 0;
inline constexpr uint64_t kSlotBusy = 1;  // being inserted or removed; at most one per thread
// The interval index of blocks that are recorded because every block is.
inline constexpr uint8_t kExactIndex = 0;
struct LiveHot {
  std::atomic<uint64_t> key;            // block address, or kSlotEmpty / kSlotBusy
  std::atomic<uint64_t> size_interval;  // size in bytes << 8 | interval index
};
struct LiveCold {
  std::atomic<uint64_t> birth_chain;  // birth in ms << 24 | chain id (0: none)
  std::atomic<uint32_t> site;
  // Birth of the first block of the chain, in seconds (0: no chain).
  std::atomic<uint32_t> first_birth_s;
};
struct alignas(128) LiveBucket {
  LiveHot slots[4];
  LiveCold details[4];
};
static_assert(sizeof(LiveBucket) == 128);

// Anonymous mappings made by the program itself (not by its allocator), exact. map_lock guards
// them. Readers skip entries with `length` 0 and recognise a torn entry by its `check` word.
struct MapEntry {
  uint64_t start;
  uint64_t length;  // 0: empty
  uint64_t birth_ms;
  uint32_t site;
  uint32_t check;  // xor of the halves of all other fields
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
  char path[416];  // as in /proc/self/maps; a truncated path starts with "..."
};
static_assert(sizeof(ModuleEntry) == 512);

enum class KeptKind : uint8_t { kDeath = 1 };  // values are on disk: add, never renumber
struct KeptEvent {
  std::atomic<uint64_t> sequence;  // 1 + position in the ring's history; stored last (release)
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
  std::atomic<uint32_t> thread_number;  // monotonic, never reused; 0: the block is free
  uint32_t tid;
  std::atomic<uint64_t> written;   // events pushed so far
  std::atomic<uint64_t> consumed;  // events that the drainer has committed to the file
  uint64_t reserved[5];
  KeptEvent events[kRingEvents];
};
static_assert(sizeof(ThreadBlock) == 64 + 48 * kRingEvents);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_RECORDER_LAYOUT_H_

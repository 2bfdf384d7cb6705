// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/go/goroutines.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tools/witness/go/line_table.h"

namespace leaktrack::witness {
namespace {

constexpr uint64_t kMostGoroutines = 200'000, kMostData = 256 << 20;
constexpr int kMostFrames = 64;
constexpr std::string_view kBuildInfo = "\xff Go buildinf:";

// The beginning of runtime.g in Go 1.19.
struct G {
  uint64_t stack_low, stack_high, guards[2], panics, defers, machine;
  uint64_t stack_pointer, pc, self, context, returned, link, frame_pointer;
  uint64_t call_stack_pointer, call_pc, top, parameter;
  uint32_t status, stack_lock;
  int64_t id;
  uint64_t next, waits_since;
  uint8_t reason;
  uint8_t flags[15];
  uint64_t times[6];
  uint64_t signal, write_buffer[3], signal_codes[3];
  uint64_t created_at, ancestors, starts_at;
};
static_assert(offsetof(G, self) == 72 && offsetof(G, id) == 152 && offsetof(G, reason) == 176 &&
              offsetof(G, created_at) == 296);

enum Status : uint32_t { kRunnable = 1, kRunning = 2, kInSystemCall = 3, kWaiting = 4 };
constexpr uint32_t kScanned = 0x1000;

// Of Go 1.19, in the order of its numbers.
constexpr const char* kReasons[] = {"",
                                    "GC assist marking",
                                    "IO wait",
                                    "chan receive (nil chan)",
                                    "chan send (nil chan)",
                                    "dumping heap",
                                    "garbage collection",
                                    "garbage collection scan",
                                    "panicwait",
                                    "select",
                                    "select (no cases)",
                                    "GC assist wait",
                                    "GC sweep wait",
                                    "GC scavenge wait",
                                    "chan receive",
                                    "chan send",
                                    "finalizer wait",
                                    "force gc (idle)",
                                    "semacquire",
                                    "sleep",
                                    "sync.Cond.Wait",
                                    "timer goroutine (idle)",
                                    "trace reader (blocked)",
                                    "wait for GC cycle",
                                    "GC worker (idle)",
                                    "preempted",
                                    "debug call"};

bool LooksLikeG(const G& g, uint64_t address) {
  return g.self == address && g.stack_low < g.stack_high && (g.status & ~kScanned) <= 9;
}

// Writable memory of the program's own file.
template <typename Visit>
void ForEachDataPiece(Memory& memory, const Module& module, Visit visit) {
  for (const Mapping& mapping : memory.maps()) {
    const Range part{std::max(mapping.range.start, module.range.start),
                     std::min(mapping.range.end, module.range.end)};
    if (mapping.writable && part.start < part.end && part.size() <= kMostData)
      memory.ReadWritten(part, visit);
  }
}

// "go1.19.8", where the linker has written it.
std::string VersionOf(Memory& memory, const Module& module) {
  std::string version;
  for (const Mapping& mapping : memory.maps()) {
    if (!version.empty() || mapping.range.start < module.range.start ||
        mapping.range.end > module.range.end || mapping.executable || !mapping.readable)
      continue;
    std::vector<char> bytes(std::min<uint64_t>(mapping.range.size(), kMostData));
    bytes.resize(memory.Read(mapping.range.start, bytes.data(), bytes.size()));
    const std::string_view text(bytes.data(), bytes.size());
    for (size_t at = text.find(kBuildInfo); at != std::string_view::npos && version.empty();
         at = text.find(kBuildInfo, at + 1)) {
      if (at + 33 >= text.size() || (text[at + 15] & 2) == 0) continue;
      const auto length = static_cast<uint8_t>(text[at + 32]);
      if (length < 64) version = text.substr(at + 33, length);
    }
  }
  return version.starts_with("go") ? version : "";
}

struct List {
  uint64_t address = 0, count = 0, room = 0;
};

// The first goroutine of the list is number 1.
bool IsListOfAll(Memory& memory, const List& list) {
  if (list.count == 0 || list.count > list.room || list.room >> 32 != 0 || list.address % 8 != 0 ||
      list.address >> 47 != 0 || list.address == 0)
    return false;
  const auto first = memory.Get<uint64_t>(list.address);
  const auto g = first ? memory.Get<G>(*first) : std::nullopt;
  return g && LooksLikeG(*g, *first) && g->id == 1;
}

std::optional<List> FindListOfAll(Memory& memory, const Module& module) {
  std::optional<List> found;
  ForEachDataPiece(memory, module, [&](uint64_t, const char* bytes, size_t size) {
    for (size_t at = 0; at + sizeof(List) <= size && !found; at += 8) {
      List list;
      memcpy(&list, bytes + at, sizeof list);
      if (IsListOfAll(memory, list)) found = list;
    }
  });
  return found;
}

class Reader {
 public:
  Reader(Memory& memory, GoLineTable& lines) : memory_(memory), lines_(lines) {}

  void Take(uint64_t address, GoFacts& facts) {
    const auto g = memory_.Get<G>(address);
    if (!g || !LooksLikeG(*g, address)) return;
    const uint32_t status = g->status & ~kScanned;
    if (status < kRunnable || status > kWaiting) return;
    std::string created = "the start of the program";
    if (g->id != 1) {
      const GoLineTable::Place& place = lines_.At(g->created_at);
      if (place.function.starts_with("runtime.")) return;
      created = PlaceText(place, g->created_at);
    }
    ++facts.goroutines[{created, Waiting(*g, status)}];
  }

 private:
  std::string Waiting(const G& g, uint32_t status) {
    if (status == kRunning) return "running";
    if (status == kRunnable) return "ready to run";
    std::string text = status == kInSystemCall          ? "a system call"
                       : g.reason < std::size(kReasons) ? kReasons[g.reason]
                                                        : "an unknown wait";
    const std::string where = FirstOfProgram(g, status);
    return where.empty() ? text : absl::StrCat(text, ", ", where);
  }

  // The innermost frame that is not the runtime's.
  std::string FirstOfProgram(const G& g, uint32_t status) {
    uint64_t pc = status == kInSystemCall ? g.call_pc : g.pc, frame = g.frame_pointer;
    for (int i = 0; i < kMostFrames; ++i) {
      const GoLineTable::Place& place = lines_.At(pc);
      if (place.function.empty()) return "";
      if (!place.function.starts_with("runtime.") && !place.function.starts_with("time.Sleep"))
        return PlaceText(place, pc);
      if (frame < g.stack_low || frame + 16 > g.stack_high || frame % 8 != 0) return "";
      const auto next = memory_.Get<uint64_t>(frame), back = memory_.Get<uint64_t>(frame + 8);
      if (!next || !back || (*next != 0 && *next <= frame)) return "";
      pc = *back;
      frame = *next;
    }
    return "";
  }

  Memory& memory_;
  GoLineTable& lines_;
};

}  // namespace

GoFacts ReadGo(Memory& memory, const std::vector<Module>& modules) {
  GoFacts facts;
  if (modules.empty()) return facts;
  const Module& program = modules.front();
  facts.version = VersionOf(memory, program);
  if (facts.version.empty()) return facts;
  if (facts.version != "go1.19" && !facts.version.starts_with("go1.19.")) {
    facts.problem = absl::StrCat("the goroutines of ", facts.version,
                                 " programs cannot be read; those of Go 1.19 can");
    return facts;
  }
  std::optional<GoLineTable> lines = GoLineTable::Find(memory, program);
  const std::optional<List> list = FindListOfAll(memory, program);
  if (!lines || !list) {
    facts.problem = lines ? "the runtime's list of goroutines was not found"
                          : "the program's table of lines was not found";
    return facts;
  }
  Reader reader(memory, *lines);
  for (uint64_t i = 0; i < std::min(list->count, kMostGoroutines); ++i) {
    const auto address = memory.Get<uint64_t>(list->address + i * 8);
    if (address) reader.Take(*address, facts);
  }
  if (list->count > kMostGoroutines)
    facts.problem =
        absl::StrCat("of ", list->count, " goroutines ", kMostGoroutines, " were looked at");
  return facts;
}

}  // namespace leaktrack::witness

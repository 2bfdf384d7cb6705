// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the question of who a capture or a recorder is of, and the reader of /proc that answers
// it.
//
// Input: the name that the process goes by (16 bytes, they stand in /proc/PID/stat), then a header,
// of a capture and of a recorder alike. Held beside "no crash": under whatever name, the process
// itself is alive, and one that began a tick earlier with its number is dead; of what is no process
// of this boot nothing is alive.
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "libtrack/capture/read/owner.h"
#include "tests/fuzz/require.h"

namespace {

using namespace leaktrack::capture;  // NOLINT

constexpr size_t kNameBytes = 16;

// Before any hostile name is taken.
OwnerFacts ReadOwnFacts() {
  OwnerFacts facts;
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  for (size_t i = 0; i < 16 && text.size() == 32; ++i)
    facts.boot_id[i] = static_cast<uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  utsname names{};
  uname(&names);
  facts.host = names.nodename;
  facts.pid_namespace = OwnPidNamespace();
  facts.pid = static_cast<uint32_t>(getpid());
  std::ifstream stat("/proc/self/stat");
  for (int field = 1; field <= 22; ++field) stat >> text;
  facts.start_ticks = std::stoull(text);
  return facts;
}

// A header of either kind, of the bytes that there are.
template <typename Header>
std::unique_ptr<Header> MakeHeader(const uint8_t* data, size_t size) {
  auto header = std::make_unique<Header>();
  memcpy(static_cast<void*>(header.get()), data, std::min(size, sizeof(Header)));
  return header;
}

void AskForOurselves(const OwnerFacts& facts) {
  const Owner owner = LookForOwner(facts);
  Require(owner.life == Life::kAlive && owner.pid_here == facts.pid);
  OwnerFacts earlier = facts;
  --earlier.start_ticks;
  Require(LookForOwner(earlier).life == Life::kDead);
}

void AskForStranger(const OwnerFacts& facts) {
  const Owner owner = LookForOwner(facts);
  Require(IsThisBoot(facts) != (owner.life == Life::kElsewhere));
  Require(owner.life == Life::kAlive || owner.pid_here == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const OwnerFacts ours = ReadOwnFacts();
  char name[kNameBytes] = {};
  memcpy(name, data, std::min(size, kNameBytes - 1));
  prctl(PR_SET_NAME, name, 0, 0, 0);
  AskForOurselves(ours);
  if (size <= kNameBytes) return 0;
  const auto file = MakeHeader<FileHeader>(data + kNameBytes, size - kNameBytes);
  AskForStranger(OwnerFactsOf(*file));
  memcpy(file->boot_id, ours.boot_id.data(), sizeof file->boot_id);  // else nobody is looked for
  // All of /proc is looked through anew for one that began later than the last look: slow.
  if (size % 16 != 0) file->start_monotonic_ns %= 1'000'000'000;
  AskForStranger(OwnerFactsOf(*file));
  const auto recorder = MakeHeader<RecorderHeader>(data + kNameBytes, size - kNameBytes);
  memcpy(recorder->boot_id, ours.boot_id.data(), sizeof recorder->boot_id);
  if (size % 16 != 0) recorder->start_monotonic_ns %= 1'000'000'000;
  OwnerOf(*recorder);
  return 0;
}

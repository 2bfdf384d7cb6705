// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/core_notes.h"

#include <elf.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kMostThreads = 1 << 16, kMostFiles = 1 << 20;

template <typename T>
T At(std::string_view bytes, size_t offset) {
  T value{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof value)
    memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string TextAt(std::string_view bytes, size_t offset, size_t most) {
  if (offset >= bytes.size()) return "";
  const std::string_view rest = bytes.substr(offset, most);
  return std::string(rest.substr(0, rest.find('\0')));
}

void TakeThread(std::string_view note, CoreNotes& found) {
  if (note.size() < sizeof(elf_prstatus) || found.threads.size() >= kMostThreads) return;
  const auto status = At<elf_prstatus>(note, 0);
  Thread thread;
  thread.tid = status.pr_pid;
  thread.name = absl::StrCat(status.pr_pid);
  thread.registers.resize(sizeof status.pr_reg / sizeof(uint64_t));
  memcpy(thread.registers.data(), &status.pr_reg, sizeof status.pr_reg);
  thread.stack_pointer = thread.registers[offsetof(user_regs_struct, rsp) / sizeof(uint64_t)];
  thread.has_registers = true;
  found.threads.push_back(std::move(thread));
}

// Vector registers of the thread whose note came before.
void TakeVector(std::string_view note, CoreNotes& found) {
  if (found.threads.empty()) return;
  for (size_t at = 0; at + 8 <= std::min<size_t>(note.size(), 16 << 10); at += 8)
    found.threads.back().registers.push_back(At<uint64_t>(note, at));
}

// A count, the size of a page, then start, end and page of the file of each, then their names.
void TakeFiles(std::string_view note, CoreNotes& found) {
  const auto count = At<uint64_t>(note, 0), page = At<uint64_t>(note, 8);
  if (count > kMostFiles || count > note.size() / 24) return;
  size_t name = 16 + count * 24;
  for (uint64_t i = 0; i < count && name < note.size(); ++i) {
    const size_t at = 16 + i * 24;
    CoreFile file{{At<uint64_t>(note, at), At<uint64_t>(note, at + 8)},
                  At<uint64_t>(note, at + 16) * page,
                  TextAt(note, name, note.size() - name)};
    name += file.path.size() + 1;
    if (file.range.start < file.range.end) found.files.push_back(std::move(file));
  }
  std::sort(found.files.begin(), found.files.end(),
            [](const CoreFile& a, const CoreFile& b) { return a.range.start < b.range.start; });
}

void TakeProgram(std::string_view note, CoreNotes& found) {
  const auto facts = At<elf_prpsinfo>(note, 0);
  if (note.size() < sizeof facts) return;
  found.pid = facts.pr_pid;
  found.command = TextAt(note, offsetof(elf_prpsinfo, pr_psargs), sizeof facts.pr_psargs);
  while (found.command.ends_with(' ')) found.command.pop_back();
}

void TakeAuxiliary(std::string_view note, CoreNotes& found) {
  for (size_t at = 0; at + sizeof(Elf64_auxv_t) <= note.size(); at += sizeof(Elf64_auxv_t)) {
    const auto entry = At<Elf64_auxv_t>(note, at);
    if (entry.a_type == AT_EXECFN || entry.a_type == AT_RANDOM) found.on_stack = entry.a_un.a_val;
  }
}

void TakeNote(uint32_t type, std::string_view note, CoreNotes& found) {
  switch (type) {
    case NT_PRSTATUS:
      return TakeThread(note, found);
    case NT_PRPSINFO:
      return TakeProgram(note, found);
    case NT_FILE:
      return TakeFiles(note, found);
    case NT_AUXV:
      return TakeAuxiliary(note, found);
    case NT_X86_XSTATE:
      return TakeVector(note, found);
    default:
      return;
  }
}

}  // namespace

void TakeCoreNotes(std::string_view notes, CoreNotes& found) {
  size_t at = 0;
  while (at + sizeof(Elf64_Nhdr) <= notes.size()) {
    const auto header = At<Elf64_Nhdr>(notes, at);
    const uint64_t text = at + sizeof header + (uint64_t{header.n_namesz} + 3) / 4 * 4;
    const uint64_t end = text + header.n_descsz;
    if (end > notes.size()) return;
    TakeNote(header.n_type, notes.substr(text, header.n_descsz), found);
    at = (end + 3) / 4 * 4;
  }
}

}  // namespace leaktrack::witness

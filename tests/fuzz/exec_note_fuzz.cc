// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what is looked at before an exec: the environment, and the file that the new program gets.
//
// Input: the environment's entries, one a line, up to the first byte 0; then the file. Held beside
// "no crash": a note has a name that ends and a fate that there is, the same exec is noted once,
// and one that failed leaves nothing open.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libtrack/runtime/exec_note.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/require.h"

namespace {

using namespace leaktrack::track;  // NOLINT
using leaktrack::capture::ExecFate;
using leaktrack::capture::NoteEntry;
using leaktrack::capture::RecorderHeader;

constexpr uint32_t kMostFates = 16;

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += c;
  }
  return lines;
}

void CheckNote(const RecorderHeader& header) {
  const NoteEntry& note = header.notes[0];
  Require(memchr(note.name, 0, sizeof note.name) != nullptr);
  const uint32_t fate = note.value & ~uint32_t{leaktrack::capture::kExecOfChild};
  Require(fate != static_cast<uint32_t>(ExecFate::kTracked) && fate < kMostFates);
}

void Note(RecorderHeader& header, const char* path, const char* const* environment) {
  const NoteHandle note = NoteExec(header, path, environment, true, 7);
  Require((note != 0) == (header.note_count.load() == 1));
  if (note == 0) return;
  CheckNote(header);
  Require(NoteExec(header, path, environment, true, 8) == 0);
  EndNote(header, note, 9);
  Require(header.notes[0].state.load() == leaktrack::capture::kNoteEnded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const InputFile file;
  static const char* const preloaded[] = {"LD_PRELOAD=/opt/lib/libleaktrack.so", nullptr};
  RememberPreload(preloaded);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), input.size());
  const std::vector<std::string> entries = Lines(input.substr(0, end));
  std::vector<const char*> environment;
  for (const std::string& entry : entries) environment.push_back(entry.c_str());
  environment.push_back(nullptr);
  file.Write(input.substr(std::min(input.size(), end + 1)));
  const auto header = std::make_unique<RecorderHeader>();
  Note(*header, file.path().c_str(), environment.data());
  static const char* const with_us[] = {"LD_PRELOAD=libleaktrack.so", nullptr};
  (void)FateOfExec(file.path().c_str(), with_us);  // the file alone decides
  return 0;
}

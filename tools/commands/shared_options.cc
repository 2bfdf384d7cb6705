// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/shared_options.h"

#include "absl/status/statusor.h"
#include "tools/base/units.h"

namespace leaktrack {
namespace {

constexpr char kAutomatic[] = "auto", kExact[] = "exact";

std::string IntervalProblem(std::string& text) {
  if (text == kAutomatic || text == kExact) return "";
  const absl::StatusOr<uint64_t> bytes = ParseSize(text);
  if (!bytes.ok()) return std::string(bytes.status().message());
  if (*bytes == 0) return "an interval of 0 bytes samples nothing; exact records every allocation";
  text = *bytes == 1 ? kExact : SizeOption(*bytes);
  return "";
}

}  // namespace

void AddSymbolOptions(OptionList& list, SymbolizerOptions& symbols) {
  AddDirectoryOption(list, "--sysroot", symbols.sysroot,
                     "look for programs and libraries under DIR first");
  AddDirectoryOption(
      list, "--debug-dir", symbols.debug_dirs,
      "look for debug files in DIR first, by path, name and build-id; may be repeated")
      .OneValueEach();
  list.Flag("--no-symbol-cache", symbols.forget_names,
            "neither read nor keep names in ~/.cache/leaktrack ($XDG_CACHE_HOME)");
  list.Flag("--debuginfod", symbols.debuginfod,
            "fetch what is missing from the servers that DEBUGINFOD_URLS names");
}

void AddOutputOption(OptionList& list, std::string& output) {
  list.Add("-o,--output", output, "write to FILE instead of standard output").Type("FILE");
}

OptionEntry AddIntervalOption(OptionList& list, std::string& interval, const std::string& help) {
  return list.Add("--interval", interval, help).Type("SIZE").Check(IntervalProblem);
}

OptionEntry AddSizeOption(OptionList& list, const std::string& name, std::optional<uint64_t>& bytes,
                          const std::string& help) {
  const auto read = [&bytes](const std::string& text) -> std::string {
    const absl::StatusOr<uint64_t> size = ParseSize(text);
    if (!size.ok()) return std::string(size.status().message());
    bytes = *size;
    return "";
  };
  return list.AddRead(name, read, help).Type("SIZE");
}

std::string WholeNumberProblem(const std::string& text) {
  const bool whole = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return whole ? "" : "'" + text + "' is not a whole number";
}

}  // namespace leaktrack

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

void AddSymbolOptions(CLI::App& app, SymbolizerOptions& symbols) {
  AddDirectoryOption(app, "--sysroot", symbols.sysroot,
                     "look for programs and libraries under DIR first");
  AddDirectoryOption(
      app, "--debug-dir", symbols.debug_dirs,
      "look for debug files in DIR first, by path, name and build-id; may be repeated")
      ->allow_extra_args(false);
  app.add_flag("--no-symbol-cache", symbols.forget_names,
               "neither read nor keep names in ~/.cache/leaktrack ($XDG_CACHE_HOME)");
  app.add_flag("--debuginfod", symbols.debuginfod,
               "fetch what is missing from the servers that DEBUGINFOD_URLS names");
}

void AddOutputOption(CLI::App& app, std::string& output) {
  app.add_option("-o,--output", output, "write to FILE instead of standard output")
      ->type_name("FILE");
}

CLI::Option* AddIntervalOption(CLI::App& app, std::string& interval, const std::string& help) {
  return app.add_option("--interval", interval, help)
      ->type_name("SIZE")
      ->transform(CLI::Validator(IntervalProblem, ""));
}

CLI::Option* AddSizeOption(CLI::App& app, const std::string& name, std::optional<uint64_t>& bytes,
                           const std::string& help) {
  const auto read = [name, &bytes](const std::string& text) {
    const absl::StatusOr<uint64_t> size = ParseSize(text);
    if (!size.ok()) throw CLI::ValidationError(name, std::string(size.status().message()));
    bytes = *size;
  };
  return app.add_option_function<std::string>(name, read, help)->type_name("SIZE");
}

}  // namespace leaktrack

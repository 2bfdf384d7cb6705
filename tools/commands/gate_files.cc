// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/gate_files.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/base/input_file.h"
#include "tools/base/replace_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/shared_options.h"
#include "tools/report/gate/checkout_paths.h"
#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

// What is written for CI systems, each to a file of its own.
struct ResultFormat {
  const char* option;
  const char* help;
  std::string GateFiles::*path;
  std::string (*write)(const GateResult& result);
};
constexpr ResultFormat kResults[] = {
    {"--junit", "write JUnit XML", &GateFiles::junit, GateJunit},
    {"--sarif", "write SARIF 2.1.0", &GateFiles::sarif, GateSarif},
    {"--gitlab", "write GitLab code quality JSON", &GateFiles::gitlab, GateGitlab}};

std::string SummaryPath(const GateFiles& files) {
  const char* path = files.github ? getenv("GITHUB_STEP_SUMMARY") : nullptr;
  return path == nullptr ? "" : path;
}

// A baseline may be written anew where it was read.
bool RenewsBaseline(const GateFiles& files) {
  std::error_code not_there;
  return !files.baseline.empty() && !files.write_baseline.empty() &&
         fs::equivalent(files.baseline, files.write_baseline, not_there);
}

absl::Status WriteBaseline(const GateFiles& files, const std::string& text, const Inputs& inputs) {
  if (files.write_baseline.empty()) return absl::OkStatus();
  if (!RenewsBaseline(files)) return WriteOutput(files.write_baseline, text, inputs);
  // As a whole or not at all, and where a symbolic link leads to, not in place of the link.
  std::error_code gone;
  const std::string file = fs::canonical(files.write_baseline, gone).string();
  if (!gone) return ReplaceFile(file, file, text);
  return absl::NotFoundError(absl::StrCat(SafeText(files.write_baseline), ": ", gone.message()));
}

absl::Status WriteForGithub(const GateFiles& files, const GateResult& result,
                            const Inputs& inputs) {
  if (!files.github) return absl::OkStatus();
  RETURN_IF_ERROR(WriteOutput("", GateGithub(result), inputs));
  const std::string summary = SummaryPath(files);
  return summary.empty() ? absl::OkStatus() : AppendOutput(summary, GateMarkdown(result), inputs);
}

}  // namespace

void AddGateFiles(CLI::App& app, GateFiles& files) {
  const auto file = [&app](const std::string& name, auto& value, const std::string& help) {
    // Without further arguments: the capture may follow.
    app.add_option(name, value, help)->type_name("FILE")->allow_extra_args(false);
  };
  file("--baseline", files.baseline, "the leaks that are accepted, as --write-baseline wrote them");
  file("--write-baseline", files.write_baseline, "write what leaks now as a baseline");
  file("--limits", files.limits,
       "how much may leak: a TOML file with max-total, max-site, min-bytes, [[site]]");
  file("--suppressions", files.suppressions,
       "sites to leave out, in LeakSanitizer's syntax; may be repeated");
  for (const ResultFormat& format : kResults) file(format.option, files.*format.path, format.help);
  app.add_flag("--github", files.github,
               "print GitHub annotations, and append to the step summary");
  AddDirectoryOption(app, "--source-root", files.source_root,
                     "name source files from DIR (default: the Git checkout we are in)");
}

Inputs InputsOf(const GateFiles& files) {
  Inputs inputs(files.suppressions);
  inputs.Add(files.limits);
  inputs.Add(files.baseline);
  return inputs;
}

absl::StatusOr<GateLimits> ReadLimits(const GateFiles& files) {
  if (files.limits.empty()) return GateLimits{};
  ASSIGN_OR_RETURN(const std::string text, ReadText(files.limits));
  return ParseLimits(text, files.limits);
}

absl::StatusOr<Baseline> ReadBaseline(const GateFiles& files) {
  if (files.baseline.empty()) return Baseline{};
  ASSIGN_OR_RETURN(const std::string text, ReadText(files.baseline));
  return ParseBaseline(text, files.baseline);
}

absl::Status ReadSuppressions(const GateFiles& files, Suppressions& suppressions) {
  for (const std::string& path : files.suppressions) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    RETURN_IF_ERROR(suppressions.Add(text, path));
  }
  return absl::OkStatus();
}

absl::Status CheckResultFiles(const GateFiles& files, const Inputs& inputs) {
  std::vector<std::string> outputs{SummaryPath(files)};
  for (const ResultFormat& format : kResults) outputs.push_back(files.*format.path);
  if (!RenewsBaseline(files)) outputs.push_back(files.write_baseline);
  std::erase(outputs, "");
  return CheckOutputs(outputs, inputs);
}

absl::Status WriteResultFiles(const GateFiles& files, const GateResult& result,
                              const Baseline& baseline, const Inputs& inputs) {
  for (const ResultFormat& format : kResults) {
    const std::string& path = files.*format.path;
    if (!path.empty()) RETURN_IF_ERROR(WriteOutput(path, format.write(result), inputs));
  }
  RETURN_IF_ERROR(WriteBaseline(files, FormatBaseline(MakeBaseline(result, baseline)), inputs));
  return WriteForGithub(files, result, inputs);
}

void NameSourceFiles(const GateFiles& files, GateResult& result) {
  std::error_code unreadable;  // then names stay as they are
  const fs::path root = files.source_root.empty() ? FindCheckout(fs::current_path(unreadable))
                                                  : fs::absolute(files.source_root, unreadable);
  NameFilesBelow(root, result);
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/gate_files.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/input_file.h"
#include "tools/base/replace_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/commands/shared_options.h"
#include "tools/inspect/place_checks.h"
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

const std::string& BaselineToWrite(const GateFiles& files) {
  return files.update_baseline ? files.baseline : files.write_baseline;
}

// A baseline may be written anew where it was read.
bool RenewsBaseline(const GateFiles& files) {
  std::error_code not_there;
  return !files.baseline.empty() && !BaselineToWrite(files).empty() &&
         fs::equivalent(files.baseline, BaselineToWrite(files), not_there);
}

// A baseline that is renewed is a new file beside the old one first.
absl::Status MayRenewBaseline(const GateFiles& files) {
  std::error_code unknown;
  const fs::path file = fs::canonical(BaselineToWrite(files), unknown);
  if (unknown || !fs::is_regular_file(file, unknown)) return absl::OkStatus();  // see ReadBaseline
  const std::string why = WhyNotWritable(file.parent_path().string(), false);
  if (why.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(SafeText(BaselineToWrite(files)), ": cannot be renewed: ", SafeText(why)));
}

absl::Status WriteBaselineText(const GateFiles& files, const std::string& text,
                               const Inputs& inputs) {
  const std::string& path = BaselineToWrite(files);
  if (!RenewsBaseline(files)) return WriteOutput(path, text, inputs);
  // As a whole or not at all, and where a symbolic link leads to, not in place of the link.
  std::error_code gone;
  const std::string file = fs::canonical(path, gone).string();
  if (!gone) return ReplaceFile(file, file, text);
  return absl::NotFoundError(absl::StrCat(SafeText(path), ": ", gone.message()));
}

absl::Status WriteForGithub(const GateFiles& files, const GateResult& result,
                            const Inputs& inputs) {
  if (!files.github) return absl::OkStatus();
  RETURN_IF_ERROR(WriteOutput("", GateGithub(result), inputs));
  const std::string summary = SummaryPath(files);
  return summary.empty() ? absl::OkStatus() : AppendOutput(summary, GateMarkdown(result), inputs);
}

}  // namespace

void AddGateFiles(OptionList& list, GateFiles& files) {
  const auto file = [&list](const std::string& name, auto& value, const std::string& help) {
    // Without further arguments: the capture may follow.
    list.Add(name, value, help).Type("FILE").OneValueEach();
  };
  file("--baseline", files.baseline, "the leaks that are accepted, as --write-baseline wrote them");
  file("--write-baseline", files.write_baseline, "write what leaks now as a baseline");
  list.Flag("--update-baseline", files.update_baseline,
            "write the file of --baseline anew, or for the first time, from these runs");
  file("--limits", files.limits,
       "how much may leak: a TOML file with max-total, max-site, min-bytes, [[site]]");
  file("--suppressions", files.suppressions,
       "sites to leave out, in LeakSanitizer's syntax; may be repeated");
  for (const ResultFormat& format : kResults) file(format.option, files.*format.path, format.help);
  list.Flag("--github", files.github, "print GitHub annotations, and append to the step summary");
  AddDirectoryOption(list, "--source-root", files.source_root,
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
  if (files.update_baseline && (files.baseline.empty() || !files.write_baseline.empty())) {
    return absl::InvalidArgumentError(
        "--update-baseline writes the file that --baseline FILE names, and no other");
  }
  if (files.baseline.empty()) return Baseline{};
  std::error_code unknown;
  const bool missing = !fs::exists(files.baseline, unknown) && !unknown;
  if (missing && files.update_baseline) return Baseline{};
  const absl::StatusOr<std::string> text = ReadText(files.baseline);
  if (text.ok()) return ParseBaseline(*text, files.baseline);
  return absl::Status(text.status().code(),
                      absl::StrCat(text.status().message(),
                                   missing ? "; --update-baseline makes it of these runs" : ""));
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
  if (RenewsBaseline(files)) {
    RETURN_IF_ERROR(MayRenewBaseline(files));
  } else {
    outputs.push_back(BaselineToWrite(files));
  }
  std::erase(outputs, "");
  return CheckOutputs(outputs, inputs);
}

absl::Status RetireResultFiles(const GateFiles& files, const Inputs& inputs) {
  GateResult unfinished;
  unfinished.verdict = GateVerdict::kInconclusive;
  unfinished.inconclusive_because = "the gate has not come to an end; its own output says why";
  for (const ResultFormat& format : kResults) {
    const std::string& path = files.*format.path;
    std::error_code not_there;
    if (path.empty() || !fs::is_regular_file(path, not_there)) continue;
    RETURN_IF_ERROR(WriteOutput(path, format.write(unfinished), inputs));
  }
  return absl::OkStatus();
}

absl::Status WriteBaseline(const GateFiles& files, const Baseline& old, const Inputs& inputs,
                           GateResult& result) {
  const std::string& path = BaselineToWrite(files);
  if (path.empty()) return absl::OkStatus();
  if (!result.unusable_because.empty()) {
    result.notes.push_back(absl::StrCat("no baseline was written: ", result.unusable_because));
    return absl::OkStatus();
  }
  std::error_code unknown;
  const bool fresh = !fs::exists(path, unknown);
  const Baseline baseline = MakeBaseline(result, old);
  RETURN_IF_ERROR(WriteBaselineText(files, FormatBaseline(baseline), inputs));
  AcceptAsBaseline(path, result);
  absl::FPrintF(stderr, "leaktrack: %s the baseline %s: %d site%s of %d run%s\n",
                fresh ? "made" : "renewed", SafeText(path), baseline.entries.size(),
                baseline.entries.size() == 1 ? "" : "s", baseline.runs,
                baseline.runs == 1 ? "" : "s");
  return absl::OkStatus();
}

absl::Status WriteResultFiles(const GateFiles& files, const GateResult& result,
                              const Inputs& inputs) {
  for (const ResultFormat& format : kResults) {
    const std::string& path = files.*format.path;
    if (!path.empty()) RETURN_IF_ERROR(WriteOutput(path, format.write(result), inputs));
  }
  return WriteForGithub(files, result, inputs);
}

void NameSourceFiles(const GateFiles& files, GateResult& result) {
  std::error_code unreadable;  // then names stay as they are
  const fs::path root = files.source_root.empty() ? FindCheckout(fs::current_path(unreadable))
                                                  : fs::absolute(files.source_root, unreadable);
  NameFilesBelow(root, result);
}

}  // namespace leaktrack

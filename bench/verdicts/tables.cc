// SPDX-License-Identifier: Apache-2.0
#include "bench/verdicts/tables.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace leaktrack::verdicts {
namespace {

struct Column {
  const char* name;
  std::function<std::string(const Score&)> text;
};

std::string Of(const Share& share, int digits = 3) {
  return share.all > 0 ? absl::StrFormat("%.*f", digits, share.value()) : "-";
}

std::string Ratio(double part, double all) {
  return all > 0 ? absl::StrFormat("%.3f", part / all) : "-";
}

double FalsePer10000(const Score& s) {
  return s.site_windows > 0 ? 1e4 * s.false_leaks / s.site_windows : 0;
}

const std::vector<Column>& Verdicts() {
  static const std::vector<Column> columns = {
      {"leaks", [](const Score& s) { return absl::StrFormat("%.0f", s.true_leaks); }},
      {"false", [](const Score& s) { return absl::StrFormat("%.0f", s.false_leaks); }},
      {"hard", [](const Score& s) { return absl::StrFormat("%.0f", s.hard_leaks); }},
      {"precision",
       [](const Score& s) { return Ratio(s.true_leaks, s.true_leaks + s.false_leaks); }},
      {"incl.hard",
       [](const Score& s) {
         return Ratio(s.true_leaks, s.true_leaks + s.false_leaks + s.hard_leaks);
       }},
      {"per10^4", [](const Score& s) { return absl::StrFormat("%.2f", FalsePer10000(s)); }},
      {"suspects", [](const Score& s) { return absl::StrFormat("%.0f", s.true_suspects); }},
      {"false", [](const Score& s) { return absl::StrFormat("%.0f", s.false_suspects); }},
      {"hard", [](const Score& s) { return absl::StrFormat("%.0f", s.hard_suspects); }},
  };
  return columns;
}

const std::vector<Column>& Recalls() {
  static const std::vector<Column> columns = {
      {"8-16", [](const Score& s) { return Of(s.recall[0], 2); }},
      {"16-32", [](const Score& s) { return Of(s.recall[1], 2); }},
      {"32-64", [](const Score& s) { return Of(s.recall[2], 2); }},
      {"64-128", [](const Score& s) { return Of(s.recall[3], 2); }},
      {">=128", [](const Score& s) { return Of(s.recall[4], 2); }},
      {">=16", [](const Score& s) { return Of(s.recall_16); }},
      {">=64", [](const Score& s) { return Of(s.recall_64); }},
      {"leak>=64", [](const Score& s) { return Of(s.leak_recall_64); }},
      {"named>=64", [](const Score& s) { return Of(s.named_64); }},
  };
  return columns;
}

const std::vector<Column>& Reports() {
  static const std::vector<Column> columns = {
      {"P@1", [](const Score& s) { return Of(s.first, 2); }},
      {"P@5", [](const Score& s) { return Of(s.first_five, 2); }},
      {"P@1+hard", [](const Score& s) { return Of(s.first_with_hard, 2); }},
      {"P@5+hard", [](const Score& s) { return Of(s.first_five_with_hard, 2); }},
      {"MRR", [](const Score& s) { return Ratio(s.reciprocal_rank, s.programs); }},
      {"class", [](const Score& s) { return Of(s.class_of_leaks); }},
      {"best name", [](const Score& s) { return Of(s.best_class_of_leaks); }},
      {"healthy", [](const Score& s) { return Of(s.class_of_others); }},
      {"rate p50",
       [](const Score& s) { return absl::StrFormat("%.3f", Quantile(s.rate_errors, .5)); }},
      {"rate p90",
       [](const Score& s) { return absl::StrFormat("%.3f", Quantile(s.rate_errors, .9)); }},
      {"in 90 %", [](const Score& s) { return Of(s.rate_covered); }},
      {"blame 1", [](const Score& s) { return Of(s.blamed_first); }},
      {"blame 3", [](const Score& s) { return Of(s.blamed_in_three); }},
      {"ms",
       [](const Score& s) {
         return absl::StrFormat("%.0f", 1e3 * s.seconds / std::max(1, s.programs));
       }},
  };
  return columns;
}

std::string Table(const std::string& title, const std::vector<Row>& rows,
                  const std::vector<Column>& columns) {
  std::string text = absl::StrFormat("%-22s", title);
  for (const Column& column : columns) absl::StrAppendFormat(&text, " %9s", column.name);
  text += "\n";
  for (const Row& row : rows) {
    absl::StrAppendFormat(&text, "%-22s", row.name);
    for (const Column& column : columns)
      absl::StrAppendFormat(&text, " %9s", column.text(row.score));
    text += "\n";
  }
  return text + "\n";
}

Score Sum(const std::vector<Row>& rows) {
  Score sum;
  for (const Row& row : rows) sum.Add(row.score);
  return sum;
}

std::string Counts(const std::map<std::string, int>& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    absl::StrAppend(&text, text.empty() ? "" : ", ", name, " ", count);
  return text.empty() ? "none" : text;
}

std::string Lists(const Score& sum) {
  std::string text = absl::StrCat("falsely accused: ", Counts(sum.accused), "\n\nfound from 32 T:");
  for (const auto& [kind, share] : sum.found)
    absl::StrAppendFormat(&text, " %s %.2f (%.0f);", kind, share.value(), share.all);
  text += "\n\ntrends (healthy: entries that were tested; leaks: entries that were accused)\n";
  for (const auto& [kind, trends] : sum.confusion)
    absl::StrAppendFormat(&text, "  %-24s %s\n", kind, Counts(trends));
  return text + "\n";
}

std::string Looks(const std::vector<LookRow>& rows) {
  std::string text = absl::StrFormat("%-22s %9s %9s %9s %9s %9s %14s\n", "time to suspect", "leaks",
                                     "median T", "p90 T", "never", "in time", "ever accused");
  for (const auto& [name, looks] : rows) {
    const auto never = std::ranges::count_if(looks.leaked, [](double t) { return std::isinf(t); });
    absl::StrAppendFormat(&text, "%-22s %9d %9.1f %9.1f %9d %9s %5.0f of %5.0f\n", name,
                          looks.leaked.size(), Quantile(looks.leaked, .5),
                          Quantile(looks.leaked, .9), never, Of(looks.in_time, 2),
                          looks.ever_accused, looks.sites);
  }
  return text + "\n";
}

std::string ForecastTable(const std::vector<ForecastRow>& rows) {
  std::string text = absl::StrFormat("%-22s %9s %9s %9s %9s %9s\n", "time to limit", "programs",
                                     "median", "p90", "in range", "none made");
  for (const auto& [name, f] : rows) {
    absl::StrAppendFormat(&text, "%-22s %9d %9.3f %9.3f %9s %9d\n", name,
                          f.errors.size() + f.without, Quantile(f.errors, .5),
                          Quantile(f.errors, .9), Of(f.covered), f.without);
  }
  return text;
}

constexpr double kFewestOfATenth = 800;

std::string CalibrationTable(const std::vector<CalibrationEntry>& entries) {
  std::string text = absl::StrFormat("%-22s %9s %9s %9s %9s %20s\n", "probability of a leak",
                                     "entries", "said", "true", "off", "95 % of it");
  for (const Bin& bin : Reliability(entries, kFewestOfATenth)) {
    absl::StrAppendFormat(&text, "%-22s %9.0f %9.3f %9.3f %+9.3f %+9.3f to %+7.3f\n",
                          absl::StrFormat("%.1f to %.1f", bin.low, bin.high), bin.entries,
                          bin.said / bin.weight, bin.leaks / bin.weight, bin.Off(), bin.off_low,
                          bin.off_high);
  }
  return text + "\n";
}

nlohmann::json Values(const Score& score) {
  nlohmann::json json;
  const std::pair<const char*, const std::vector<Column>*> groups[] = {
      {"verdicts", &Verdicts()}, {"recall", &Recalls()}, {"report", &Reports()}};
  for (const auto& [group, columns] : groups) {
    const char* verdict = "leak";
    for (const Column& column : *columns) {
      std::string name = column.name;
      if (name == "suspects") verdict = "suspect";
      if (name == "false" || name == "hard") name = absl::StrCat(verdict, " ", name);
      const std::string text = column.text(score);
      double value = 0;
      json[group][name] =
          absl::SimpleAtod(text, &value) && std::isfinite(value) ? nlohmann::json(value) : nullptr;
    }
  }
  json["accused"] = score.accused;
  json["trends"] = score.confusion;
  return json;
}

}  // namespace

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return kForever;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<size_t>(share * static_cast<double>(values.size())))];
}

std::string AsText(const Results& results) {
  std::vector<Row> rows = results.rows;
  std::string text;
  if (!rows.empty()) {
    rows.push_back({"all", Sum(rows)});
    text = Table("verdicts", rows, Verdicts()) + Table("recall by leaked T", rows, Recalls()) +
           Table("the report", rows, Reports()) + Lists(rows.back().score);
  }
  if (!results.looks.empty()) text += Looks(results.looks);
  if (!results.forecasts.empty()) text += ForecastTable(results.forecasts);
  if (results.looks.empty() && !results.calibration.empty())
    text += CalibrationTable(results.calibration);
  return text;
}

std::string AsCsv(const std::vector<CalibrationEntry>& entries) {
  std::string text =
      "population,program,unit,hard,leaked,leak,chosen,probability,kind,age,blocks,phi,gamma,gamma_"
      "error,p1,p2,"
      "strict,share,old_deaths,functions,growing,container,backlog,sound,bounded,halves,work,"
      "joined\n";
  for (const CalibrationEntry& e : entries) {
    const LeakSigns& s = e.signs;
    absl::StrAppendFormat(&text,
                          "%d,%d,%d,%d,%.1f,%d,%d,%.4f,%s,%.1f,%.2f,%.3f,%.3f,%.3f,%.3g,%.3g,%.3g,%"
                          ".4f,%.4f,%.0f,%.4f,",
                          e.population, e.program, e.unit, e.hard, e.leaked, e.leak, e.chosen,
                          e.probability, e.kind, s.age_seconds, s.blocks, s.dispersion, s.gamma,
                          s.gamma_error, s.never_dies_p, s.births_p, s.strict_p, s.survivors_share,
                          s.old_deaths_share, s.growing_functions, s.growing_share);
    absl::StrAppendFormat(&text, "%.0f,%.3g,%d,%d,%d,%d,%d\n", s.container_steps, s.backlog_p,
                          s.sound, s.bounded, s.halves_hold, s.by_work, s.joined);
  }
  return text;
}

std::string AsJson(const Results& results) {
  nlohmann::json json;
  for (const Row& row : results.rows) json["scenarios"][row.name] = Values(row.score);
  json["all"] = Values(Sum(results.rows));
  for (const auto& [name, looks] : results.looks) {
    json["time_to_suspect"][name] = {{"median", Quantile(looks.leaked, .5)},
                                     {"p90", Quantile(looks.leaked, .9)}};
  }
  for (const auto& [name, f] : results.forecasts) {
    json["time_to_limit"][name] = {{"median", Quantile(f.errors, .5)},
                                   {"p90", Quantile(f.errors, .9)},
                                   {"covered", f.covered.value()}};
  }
  return json.dump(2) + "\n";
}

}  // namespace leaktrack::verdicts

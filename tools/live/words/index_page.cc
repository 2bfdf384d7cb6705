// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/index_page.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/live/words/phrases.h"
#include "tools/report/words/names.h"
#include "tools/report/words/time_words.h"

namespace leaktrack::live {
namespace {

constexpr size_t kMostRows = 200;

constexpr char kHead[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" "
    "content=\"10\"><title>leaktrack</title><style>"
    ":root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:1.5rem;"
    "max-width:70rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;"
    "padding:.2rem .6rem;border-bottom:1px solid #8884}td.n{text-align:right;"
    "font-variant-numeric:tabular-nums}.critical,.oom_imminent{color:#b3261e;font-weight:600}"
    ".warning{font-weight:600}@media(prefers-color-scheme:dark){.critical,.oom_imminent"
    "{color:#ff8a80}}</style></head><body><h1>leaktrack</h1>";

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(
      SafeText(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string ReportLink(const std::string& run_id) {
  return absl::StrCat("<a href=\"/report?run=", Escaped(run_id), "\">report</a>");
}

std::string Row(const ProcessView& process, int64_t now) {
  const double resident = static_cast<double>(std::max<int64_t>(process.now.resident, 0));
  const std::string full = FullText(process.outlook, now);
  std::string site;
  if (process.tracked && !process.tracked->sites.empty())
    site = SiteText(process.tracked->sites.front());
  const std::string report = process.tracked ? ReportLink(process.tracked->run_id) : "";
  return absl::StrCat("<tr class=\"", Name(process.status), "\"><td>", StatusWord(process.status),
                      "</td><td class=\"n\">", process.now.key.pid, "</td><td>",
                      Escaped(process.now.name), "</td><td class=\"n\">", FormatSize(resident),
                      "</td><td class=\"n\">", GrowsText(process.growth), "</td><td>",
                      CauseName(process.cause), "</td><td>", Escaped(full), "</td><td>",
                      Escaped(LimitText(process.limit)), "</td><td>", Escaped(site), " ", report,
                      "</td></tr>\n");
}

std::string Ended(const std::vector<KnownRun>& runs) {
  std::string html;
  size_t rows = 0;
  for (const KnownRun& run : runs) {
    if (run.pid != 0 || ++rows > kMostRows) continue;
    const std::string name = run.path.substr(run.path.rfind('/') + 1);
    absl::StrAppend(&html, "<tr><td>", Escaped(name), "</td><td>", ReportLink(run.run_id),
                    "</td></tr>\n");
  }
  if (html.empty()) return "";
  const std::string more =
      rows > kMostRows ? absl::StrCat("<p>", rows - kMostRows, " more: see /api/runs</p>") : "";
  return absl::StrCat("<h2>Captures of processes that ended</h2><table>", html, "</table>", more);
}

}  // namespace

std::string IndexPage(const HostView& host, const std::vector<KnownRun>& runs, int64_t now) {
  std::string html = absl::StrCat(
      kHead, "<p>", host.processes.size(), " processes, watched for ",
      FormatDuration(host.watched_seconds), "; ", DateAndTime(now),
      ". <a href=\"/metrics\">metrics</a> <a href=\"/health\">health</a> "
      "<a href=\"/ready\">ready</a> <a href=\"/api/host\">JSON</a></p><table><thead><tr>"
      "<th scope=\"col\">status</th><th scope=\"col\">pid</th><th scope=\"col\">name</th>"
      "<th scope=\"col\">resident</th><th scope=\"col\">grows</th><th scope=\"col\">class</th>"
      "<th scope=\"col\">full</th><th scope=\"col\">limit</th><th scope=\"col\">most at</th>"
      "</tr></thead><tbody>\n");
  for (size_t i = 0; i < std::min(kMostRows, host.processes.size()); ++i)
    html += Row(host.processes[i], now);
  html += "</tbody></table>";
  for (const OomKill& kill : host.kills)
    absl::StrAppend(&html, "<p>", Escaped(KillText(kill)), "</p>");
  for (const std::string& text : UnseenTexts(host.unseen))
    absl::StrAppend(&html, "<p>Not seen: ", Escaped(text), "</p>");
  return absl::StrCat(html, Ended(runs), "</body></html>\n");
}

}  // namespace leaktrack::live

// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page/html_page.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tools/report/encode/gzip.h"
#include "tools/report/encode/markup_text.h"
#include "tools/report/page/html_bundle.h"

namespace leaktrack {
namespace {

// As a content security policy names what may run: "'sha256-...'".
std::string Source(const char* sha256_hex) {
  return absl::StrCat("'sha256-", absl::Base64Escape(absl::HexStringToBytes(sha256_hex)), "'");
}

}  // namespace

std::string HtmlPage(const std::string& title, const Json& data, const std::string& plain_text) {
  const std::string packed =
      absl::Base64Escape(Gzip(data.dump(-1, ' ', true, Json::error_handler_t::replace)));
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src ",
      Source(kHtmlScriptSha256), "; style-src ", Source(kHtmlStyleSha256),
      "; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta "
      "name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"generator\" content=\"leaktrack " LEAKTRACK_VERSION
      "\">\n"
      // An icon of nothing: browsers ask the server for one otherwise.
      "<link rel=\"icon\" href=\"data:,\">\n<title>",
      MarkupText(title), "</title>\n<style>", kHtmlStyle,
      "</style>\n</head>\n<body>\n"
      "<div id=\"app\"></div>\n<noscript><pre>",
      MarkupText(plain_text),
      "</pre></noscript>\n"
      "<script type=\"application/octet-stream\" id=\"data\">",
      packed, "</script>\n<!-- The script below contains:\n\n", kHtmlLicenses, "-->\n<script>",
      kHtmlScript, "</script>\n</body>\n</html>\n");
}

}  // namespace leaktrack

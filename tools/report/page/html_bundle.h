// SPDX-License-Identifier: Apache-2.0
//
// What tools/report/html was bundled to, built in; see embed_bundle.cmake. Internal to
// tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_PAGE_HTML_BUNDLE_H_
#define LEAKTRACK_TOOLS_REPORT_PAGE_HTML_BUNDLE_H_

namespace leaktrack {

extern const char kHtmlScript[];
extern const char kHtmlScriptSha256[];  // hex
extern const char kHtmlLicenses[];      // of third-party code in the script
extern const char kHtmlStyle[];
extern const char kHtmlStyleSha256[];

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_PAGE_HTML_BUNDLE_H_

# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, a C++ source with SCRIPT, STYLE and LICENSES as strings, and the hashes of the first two for the page's content security policy.
file(READ "${SCRIPT}" script)
file(READ "${STYLE}" style)
file(READ "${LICENSES}" licenses)
file(SHA256 "${SCRIPT}" script_hash)
file(SHA256 "${STYLE}" style_hash)
file(WRITE "${OUTPUT}" "// Made by embed_bundle.cmake.
#include \"tools/report/page/html_bundle.h\"

namespace leaktrack {
const char kHtmlScript[] = R\"__bundle__(${script})__bundle__\";
const char kHtmlScriptSha256[] = \"${script_hash}\";
const char kHtmlStyle[] = R\"__bundle__(${style})__bundle__\";
const char kHtmlLicenses[] = R\"__bundle__(${licenses})__bundle__\";
const char kHtmlStyleSha256[] = \"${style_hash}\";
}  // namespace leaktrack
")

// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/limits.h"

#include <algorithm>
#include <cstdint>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/compare/suppressions.h"

namespace leaktrack {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(SafeText(name)) {}

  absl::StatusOr<GateLimits> Read(const toml::table& file) {
    for (const auto& [key, value] : file) RETURN_IF_ERROR(Entry(key.str(), value));
    return limits_;
  }

  absl::Status Refuse(const toml::source_region& at, const std::string& why) const {
    return absl::InvalidArgumentError(absl::StrCat(name_, ":", at.begin.line, ": ", why));
  }

 private:
  absl::Status Entry(std::string_view key, const toml::node& value) {
    if (key == "per") return Unit(value);
    if (key == "site") return Sites(value);
    std::optional<double>* const into = key == "max-total"   ? &limits_.total_bytes
                                        : key == "max-site"  ? &limits_.site_bytes
                                        : key == "min-bytes" ? &limits_.min_bytes
                                                             : nullptr;
    if (into == nullptr) {
      return Refuse(
          value.source(),
          absl::StrCat(
              "'", SafeText(std::string(key)),
              "' is not a limit; known are per, max-total, max-site, min-bytes and [[site]]"));
    }
    ASSIGN_OR_RETURN(*into, Size(value));
    return absl::OkStatus();
  }

  absl::Status Unit(const toml::node& value) {
    limits_.unit = value.value_or(std::string());
    if (limits_.unit == "run" || limits_.unit == "iteration") return absl::OkStatus();
    return Refuse(value.source(), "per is \"run\" or \"iteration\"");
  }

  absl::Status Sites(const toml::node& value) {
    const toml::array* const tables = value.as_array();
    if (tables == nullptr) return Refuse(value.source(), "expected [[site]] with match and max");
    for (const toml::node& one : *tables) {
      const toml::table* const table = one.as_table();
      if (table == nullptr) return Refuse(one.source(), "expected [[site]] with match and max");
      RETURN_IF_ERROR(Site(*table));
    }
    return absl::OkStatus();
  }

  absl::Status Site(const toml::table& table) {
    SiteLimit limit;
    limit.where = absl::StrCat(name_, ":", table.source().begin.line);
    bool has_max = false;
    for (const auto& [key, value] : table) {
      if (key.str() == "match") {
        limit.pattern = value.value_or(std::string());
      } else if (key.str() == "max") {
        ASSIGN_OR_RETURN(limit.bytes, Size(value));
        has_max = true;
      } else {
        return Refuse(value.source(),
                      absl::StrCat("'", SafeText(std::string(key.str())),
                                   "' is unknown in [[site]]; known are match and max"));
      }
    }
    if (limit.pattern.empty() || !has_max)
      return Refuse(table.source(), "[[site]] needs match = \"PATTERN\" and max = \"SIZE\"");
    limits_.sites.push_back(std::move(limit));
    return absl::OkStatus();
  }

  absl::StatusOr<double> Size(const toml::node& value) const {
    const std::optional<std::string> text = value.value<std::string>();
    if (!text) return Refuse(value.source(), "a size is written as text, such as \"64KiB\"");
    const absl::StatusOr<uint64_t> bytes = ParseSize(*text);
    if (!bytes.ok()) return Refuse(value.source(), std::string(bytes.status().message()));
    return static_cast<double>(*bytes);
  }

  std::string name_;
  GateLimits limits_;
};

// toml++ 3.3 has undefined behaviour on some non-ASCII characters outside of strings (found by
// fuzzing).
absl::Status OnlyAscii(const std::string& text, const Reader& reader) {
  const auto beyond = std::find_if(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (beyond == text.end()) return absl::OkStatus();
  toml::source_region at;
  at.begin.line = static_cast<toml::source_index>(1 + std::count(text.begin(), beyond, '\n'));
  return reader.Refuse(at, "only ASCII is allowed here; in a pattern, write * for other letters");
}

}  // namespace

absl::StatusOr<GateLimits> ParseLimits(const std::string& text, const std::string& name) {
  Reader reader(name);
  RETURN_IF_ERROR(OnlyAscii(text, reader));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return reader.Refuse(parsed.error().source(),
                         SafeText(std::string(parsed.error().description())));
  return reader.Read(parsed.table());
}

const SiteLimit* LimitOf(const GateLimits& limits, const CallStack& stack) {
  for (const SiteLimit& limit : limits.sites) {
    for (const ResolvedFrame& frame : stack) {
      if (FrameMatches(limit.pattern, frame)) return &limit;
    }
  }
  return nullptr;
}

}  // namespace leaktrack

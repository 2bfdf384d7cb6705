// SPDX-License-Identifier: Apache-2.0
//
// How figures and names become JSON: null where a thing is not known. Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_ENCODE_JSON_VALUES_H_
#define LEAKTRACK_TOOLS_REPORT_ENCODE_JSON_VALUES_H_

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace leaktrack {

using Json = nlohmann::ordered_json;

inline Json Whole(double value) {
  return std::isfinite(value) ? Json(static_cast<int64_t>(std::llround(value))) : Json();
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

inline Json WholeOrNull(const std::optional<double>& value) {
  return value ? Whole(*value) : Json();
}

inline Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_ENCODE_JSON_VALUES_H_

// SPDX-License-Identifier: Apache-2.0
#include "tools/push/endpoint.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tools/base/safe_text.h"

namespace leaktrack::push {
namespace {

constexpr absl::string_view kHttp = "http://";
constexpr absl::string_view kBoundary = "leaktrack-profile-boundary-5f1c7a";

// How the values of each sample type are added up over time.
constexpr char kSampleTypes[] =
    R"({"inuse_objects":{"units":"objects","aggregation":"average","display-name":"inuse_objects"},)"
    R"("inuse_space":{"units":"bytes","aggregation":"average","display-name":"inuse_space"},)"
    R"("alloc_space":{"units":"bytes","aggregation":"sum","display-name":"alloc_space"},)"
    R"("growth":{"units":"bytes","aggregation":"average","display-name":"growth"}})";

absl::Status Bad(const std::string& url, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      SafeText(url), ": ", why, "; write http://HOST:PORT, or for OTLP http://HOST:PORT",
      "/v1development/profiles"));
}

bool IsPort(absl::string_view text) {
  int port = 0;
  return absl::SimpleAtoi(text, &port) && port > 0 && port < 65536;
}

// Pyroscope parses "name{label=value,...}".
std::string Plain(absl::string_view text) {
  std::string plain(text);
  std::ranges::replace_if(
      plain,
      [](char c) {
        return !absl::ascii_isprint(static_cast<unsigned char>(c)) ||
               absl::string_view("{},=\"").find(c) != absl::string_view::npos;
      },
      '_');
  return plain;
}

std::string PercentEncoded(absl::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::string_view("-._~").find(c) != absl::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

std::string NameWithLabels(const ProfileName& name) {
  std::string text = Plain(name.service);
  const char* before = "{";
  for (const auto& [key, value] : name.labels) {
    absl::StrAppend(&text, before, Plain(key), "=", Plain(value));
    before = ",";
  }
  return name.labels.empty() ? text : text + "}";
}

std::string Part(absl::string_view field, absl::string_view file, absl::string_view type,
                 absl::string_view bytes) {
  return absl::StrCat("--", kBoundary, "\r\nContent-Disposition: form-data; name=\"", field,
                      "\"; filename=\"", file, "\"\r\nContent-Type: ", type, "\r\n\r\n", bytes,
                      "\r\n");
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(const std::string& url) {
  absl::string_view rest(url);
  if (absl::StartsWith(url, "https://"))
    return Bad(url, "TLS is not spoken here: send through an agent or proxy of the node");
  if (!absl::ConsumePrefix(&rest, kHttp)) return Bad(url, "is no URL of HTTP");
  const size_t slash = std::min(rest.find('/'), rest.size());
  absl::string_view authority = rest.substr(0, slash);
  Endpoint endpoint;
  endpoint.path = std::string(rest.substr(slash));
  while (absl::EndsWith(endpoint.path, "/")) endpoint.path.pop_back();
  endpoint.port = "80";
  const size_t colon = authority.rfind(':');
  const bool only_address =
      authority.find(']') != absl::string_view::npos && colon < authority.find(']');  // "[::1]"
  if (colon != absl::string_view::npos && !only_address) {
    endpoint.port = std::string(authority.substr(colon + 1));
    authority = authority.substr(0, colon);
  }
  if (authority.size() > 2 && authority.front() == '[' && authority.back() == ']')
    authority = authority.substr(1, authority.size() - 2);
  endpoint.host = std::string(authority);
  if (endpoint.host.empty() || endpoint.host.find_first_of(" @?#\r\n") != std::string::npos)
    return Bad(url, "names no host");
  if (!IsPort(endpoint.port)) return Bad(url, "has no port from 1 to 65535");
  if (endpoint.path.find_first_of(" ?#\r\n") != std::string::npos)
    return Bad(url, "has a query, or a path that is none");
  if (absl::EndsWith(endpoint.path, "/profiles")) endpoint.engine = Engine::kOtlp;
  return endpoint;
}

Post PyroscopePost(const Endpoint& endpoint, const ProfileName& name, const std::string& pprof) {
  return {endpoint.host, endpoint.port,
          absl::StrCat(
              endpoint.path, "/ingest?format=pprof&name=", PercentEncoded(NameWithLabels(name)),
              "&from=", name.from_seconds, "&until=", name.until_seconds, "&spyName=leaktrack"),
          absl::StrCat("multipart/form-data; boundary=", kBoundary),
          absl::StrCat(Part("profile", "profile.pprof", "application/octet-stream", pprof),
                       Part("sample_type_config", "types.json", "application/json", kSampleTypes),
                       "--", kBoundary, "--\r\n")};
}

Post OtlpPost(const Endpoint& endpoint, const std::string& request) {
  return {endpoint.host, endpoint.port, endpoint.path, "application/x-protobuf", request};
}

}  // namespace leaktrack::push

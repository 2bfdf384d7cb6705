// SPDX-License-Identifier: Apache-2.0
#include "tools/live/http/access.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>

namespace leaktrack::live {
namespace {

constexpr std::string_view kBearer = "Bearer ";

bool SameToken(std::string_view a, std::string_view b) {
  unsigned char different = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i)
    different |= static_cast<unsigned char>(a[i] ^ b[b.empty() ? 0 : i % b.size()]);
  return different == 0;
}

// Without its port.
std::string HostName(const std::string& host) {
  const size_t end = host.starts_with('[') ? host.find(']') : host.find(':');
  std::string name = host.substr(0, host.starts_with('[') ? end + 1 : end);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

bool IsLoopbackName(const std::string& host) {
  const std::string name = HostName(host);
  if (name == "localhost" || name == "[::1]") return true;
  // 127.x.y.z, and not "127.evil.example".
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

bool IsProbe(const std::string& path) { return path == "/health" || path == "/ready"; }

bool MaySeeData(const Request& request, const AccessPolicy& policy) {
  if (policy.token.empty()) return policy.reach != Reach::kNetwork;
  const std::string_view given = request.authorization;
  return given.starts_with(kBearer) && SameToken(given.substr(kBearer.size()), policy.token);
}

std::optional<Response> Refusal(const Request& request, const AccessPolicy& policy) {
  if (policy.reach == Reach::kLoopback && !IsLoopbackName(request.host)) {
    return PlainText(403, "this server answers to localhost alone; the Host header names another");
  }
  if (MaySeeData(request, policy) || IsProbe(request.path)) return std::nullopt;
  return PlainText(401, "a token is needed: Authorization: Bearer TOKEN (--token-file)");
}

}  // namespace leaktrack::live

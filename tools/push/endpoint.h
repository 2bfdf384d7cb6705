// SPDX-License-Identifier: Apache-2.0
//
// Where profiles are pushed to, and what is posted there.
#ifndef LEAKTRACK_TOOLS_PUSH_ENDPOINT_H_
#define LEAKTRACK_TOOLS_PUSH_ENDPOINT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace leaktrack::push {

enum class Engine : uint8_t { kPyroscope, kOtlp };

// "http://HOST[:PORT][/PATH]". A path that ends in "/profiles" is OTLP's, another one is the prefix
// of Pyroscope's /ingest. No path: Pyroscope.
struct Endpoint {
  Engine engine = Engine::kPyroscope;
  std::string host, port;  // port: "80" if none is given
  std::string path;        // of OTLP: whole; of Pyroscope: the prefix, without a slash at its end
};
absl::StatusOr<Endpoint> ParseEndpoint(const std::string& url);

// One POST.
struct Post {
  std::string host, port, target;  // target: path and query
  std::string content_type, body;
};

// What a profile is called where it is pushed.
struct ProfileName {
  std::string service;
  std::map<std::string, std::string> labels;    // pod, version, build_id, ...
  int64_t from_seconds = 0, until_seconds = 0;  // since 1970
};

// `pprof`: gzip around a profile.
Post PyroscopePost(const Endpoint& endpoint, const ProfileName& name, const std::string& pprof);
Post OtlpPost(const Endpoint& endpoint, const std::string& request);

}  // namespace leaktrack::push

#endif  // LEAKTRACK_TOOLS_PUSH_ENDPOINT_H_

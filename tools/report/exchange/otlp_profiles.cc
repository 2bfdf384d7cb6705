// SPDX-License-Identifier: Apache-2.0
#include "tools/report/exchange/otlp_profiles.h"

#include <array>
#include <cstdint>
#include <iterator>
#include <protozero/pbf_writer.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "tools/base/safe_text.h"
#include "tools/report/input/stack_names.h"
#include "tools/report/words/names.h"

namespace leaktrack {
namespace {

using protozero::pbf_tag_type;
using protozero::pbf_writer;

// Field numbers of ProfilesDictionary.
enum Table : pbf_tag_type {
  kMappings = 1,
  kLocations = 2,
  kFunctions = 3,
  kLinks = 4,
  kStrings = 5,
  kAttributes = 6,
  kStacks = 7
};
constexpr uint64_t kWholeFile = uint64_t{1} << 47;  // more than any ELF address
constexpr char kBuildId[] = "process.executable.build_id.gnu";

struct ValueKind {
  const char* type;
  const char* unit;
  int64_t SiteFigures::*figure;
};
constexpr ValueKind kKinds[] = {{"inuse_space", "bytes", &SiteFigures::live_bytes},
                                {"inuse_objects", "count", &SiteFigures::live_objects},
                                {"alloc_space", "bytes", &SiteFigures::born_bytes},
                                {"growth", "bytes", &SiteFigures::growth_bytes_per_hour}};
using Values = std::array<int64_t, std::size(kKinds)>;

void AddStringAttribute(pbf_writer& to, pbf_tag_type field, const std::string& key,
                        const std::string& text) {
  pbf_writer attribute(to, field);
  attribute.add_string(1, key);
  pbf_writer value(attribute, 2);
  value.add_string(1, text);
}

// Rows of one table, each distinct one once. A row's number is its index on the wire.
template <typename Key>
class Numbers {
 public:
  // `write` is called for a new row alone.
  template <typename WriteFn>
  int32_t Of(const Key& key, WriteFn write) {
    const auto [at, fresh] = numbers_.try_emplace(key, static_cast<int32_t>(numbers_.size()) + 1);
    if (fresh) write();
    return at->second;
  }

 private:
  std::map<Key, int32_t> numbers_;
};

class Request {
 public:
  Request(const ReportInput& input, const std::map<std::string, std::string>& resource)
      : input_(input), resource_(resource) {
    dictionary_.add_string(kStrings, "");
    for (const Table table : {kMappings, kLocations, kFunctions, kLinks, kAttributes, kStacks})
      dictionary_.add_message(table, std::string());
  }

  std::string Write(size_t top) {
    for (const SiteResult& site : ShownSites(input_).First(top)) Add(site);
    std::string data;
    pbf_writer out(data);
    WriteProfiles(out);
    out.add_message(2, tables_);
    return data;
  }

 private:
  using SampleKey = std::pair<int32_t, std::vector<int32_t>>;  // stack, attributes

  int32_t StringOf(const std::string& text) {
    return text.empty() ? 0 : strings_.Of(text, [&] { dictionary_.add_string(kStrings, text); });
  }

  int32_t AttributeOf(const std::string& key, const std::string& text) {
    return attributes_.Of({key, text}, [&] {
      const int32_t name = StringOf(key);
      pbf_writer attribute(dictionary_, kAttributes);
      attribute.add_int32(1, name);
      pbf_writer value(attribute, 2);
      value.add_string(1, text);
    });
  }

  int32_t MappingOf(const ResolvedFrame& frame) {
    return mappings_.Of(frame.module, [&] {
      const int32_t name = StringOf(SafeText(frame.module));
      const int32_t build_id = frame.build_id.empty() ? 0 : AttributeOf(kBuildId, frame.build_id);
      pbf_writer mapping(dictionary_, kMappings);
      mapping.add_uint64(2, kWholeFile);
      mapping.add_int32(4, name);
      if (build_id != 0) mapping.add_packed_int32(5, &build_id, &build_id + 1);
    });
  }

  int32_t FunctionOf(const ResolvedFrame& frame) {
    return functions_.Of({FrameName(frame), frame.file}, [&] {
      const int32_t name = StringOf(FrameName(frame)), file = StringOf(SafeText(frame.file));
      pbf_writer function(dictionary_, kFunctions);
      function.add_int32(1, name);
      function.add_int32(2, name);
      function.add_int32(3, file);
    });
  }

  // From `inner` to `end`: the functions inlined at one call site, innermost first, and the one
  // that they were inlined into.
  int32_t LocationOf(const CallStack& stack, size_t inner, size_t end) {
    const ResolvedFrame& outer = stack[end - 1];
    std::vector<std::pair<int32_t, uint32_t>> lines;
    for (size_t i = inner; i < end; ++i) lines.emplace_back(FunctionOf(stack[i]), stack[i].line);
    return locations_.Of({outer.module, outer.offset, lines}, [&] {
      const int32_t mapping = MappingOf(outer);
      pbf_writer location(dictionary_, kLocations);
      location.add_int32(1, mapping);
      location.add_uint64(2, outer.offset % kWholeFile);
      for (const auto& [function, line] : lines) {
        pbf_writer one(location, 3);
        one.add_int32(1, function);
        one.add_int64(2, line);
      }
    });
  }

  int32_t StackOf(const SiteResult& site) {
    std::vector<int32_t> stack;
    for (size_t begin = LeafOf(site); begin < site.stack.size();) {
      size_t end = begin + 1;
      while (end < site.stack.size() && site.stack[end - 1].inlined) ++end;
      stack.push_back(LocationOf(site.stack, begin, end));
      begin = end;
    }
    if (stack.empty()) return 0;
    return stacks_.Of(stack, [&] {
      pbf_writer one(dictionary_, kStacks);
      one.add_packed_int32(1, stack.begin(), stack.end());
    });
  }

  void Add(const SiteResult& site) {
    const SiteFigures figures = FiguresOf(site);
    const SampleKey key{
        StackOf(site),
        {AttributeOf("verdict", Name(site.verdict)), AttributeOf("trend", Name(site.trend))}};
    Values& values = samples_[key];
    for (size_t i = 0; i < values.size(); ++i) values[i] += figures.*kKinds[i].figure;
  }

  void WriteProfiles(pbf_writer& out) {
    pbf_writer of_resource(out, 1);
    {
      pbf_writer resource(of_resource, 1);
      for (const auto& [key, text] : resource_) AddStringAttribute(resource, 1, key, text);
    }
    pbf_writer of_scope(of_resource, 2);
    {
      pbf_writer scope(of_scope, 1);
      scope.add_string(1, "memory");
      scope.add_string(2, LEAKTRACK_VERSION);
    }
    for (size_t i = 0; i < std::size(kKinds); ++i) WriteProfile(of_scope, i);
  }

  void AddType(pbf_writer& profile, pbf_tag_type field, const char* type, const char* unit) {
    const int32_t type_number = StringOf(type), unit_number = StringOf(unit);
    pbf_writer value(profile, field);
    value.add_int32(1, type_number);
    value.add_int32(2, unit_number);
  }

  void WriteProfile(pbf_writer& out, size_t kind) {
    const capture::Capture& capture = input_.capture;
    pbf_writer profile(out, 2);
    AddType(profile, 1, kKinds[kind].type, kKinds[kind].unit);
    for (const auto& [key, values] : samples_) {
      pbf_writer sample(profile, 2);
      sample.add_int32(1, key.first);
      sample.add_packed_int32(2, key.second.begin(), key.second.end());
      sample.add_packed_int64(4, &values[kind], &values[kind] + 1);
    }
    profile.add_fixed64(3, static_cast<uint64_t>(capture.process.start_realtime_ns));
    profile.add_uint64(4, capture.duration_ms * 1'000'000);
    AddType(profile, 5, "space", "bytes");
    profile.add_int64(6, static_cast<int64_t>(capture.interval_now));
  }

  const ReportInput& input_;
  const std::map<std::string, std::string>& resource_;
  std::string tables_;
  pbf_writer dictionary_{tables_};
  Numbers<std::string> strings_, mappings_;
  Numbers<std::pair<std::string, std::string>> attributes_, functions_;
  Numbers<std::tuple<std::string, uint64_t, std::vector<std::pair<int32_t, uint32_t>>>> locations_;
  Numbers<std::vector<int32_t>> stacks_;
  std::map<SampleKey, Values> samples_;
};

}  // namespace

std::string OtlpProfiles(const ReportInput& input,
                         const std::map<std::string, std::string>& resource, size_t top) {
  return Request(input, resource).Write(top);
}

}  // namespace leaktrack

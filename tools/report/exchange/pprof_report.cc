// SPDX-License-Identifier: Apache-2.0
#include "tools/report/exchange/pprof_report.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/own_code.h"
#include "tools/base/safe_text.h"
#include "tools/report/encode/gzip.h"
#include "tools/report/input/stack_names.h"
#include "tools/report/words/doubt_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/selection_words.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {
namespace {

// Field numbers of profile.proto.
enum ProfileField {
  kSampleType = 1,
  kSample = 2,
  kMapping = 3,
  kLocation = 4,
  kFunction = 5,
  kStringTable = 6,
  kTimeNanos = 9,
  kDurationNanos = 10,
  kPeriodType = 11,
  kPeriod = 12,
  kComment = 13,
  kDefaultSampleType = 14
};
constexpr uint64_t kModuleSpan = uint64_t{1} << 48;  // more than any ELF address

class Profile {
 public:
  explicit Profile(const ReportInput& input) : input_(input) { StringOf(""); }

  std::string Write(size_t top) {
    for (const auto& [type, unit] : {std::pair{"inuse_objects", "count"},
                                     {"inuse_space", "bytes"},
                                     {"alloc_space", "bytes"},
                                     {"growth", "bytes"}}) {
      Type(kSampleType, type, unit);
    }
    MainProgram();
    for (const SiteResult& site : ShownSites(input_).First(top)) Sample(site);
    Rest();
    for (const std::string& text : strings_) out_.add_string(kStringTable, text);
    return std::move(data_);
  }

 private:
  int64_t StringOf(const std::string& text) {
    const auto [at, fresh] =
        string_numbers_.try_emplace(text, static_cast<int64_t>(strings_.size()));
    if (fresh) strings_.push_back(text);
    return at->second;
  }

  void Type(ProfileField field, const char* type, const char* unit) {
    const int64_t type_number = StringOf(type), unit_number = StringOf(unit);
    protozero::pbf_writer value(out_, field);
    value.add_int64(1, type_number);
    value.add_int64(2, unit_number);
  }

  // The first mapping is what tools call the profile's file.
  void MainProgram() {
    const std::string path = ExecutableOf(input_.capture);
    const auto main = std::ranges::find(input_.capture.modules, path, &capture::ModuleInfo::path);
    if (main == input_.capture.modules.end()) return;
    ResolvedFrame frame;
    frame.module = path;
    frame.build_id = main->build_id;
    MappingOf(frame);
  }

  // The addresses of each module begin where no other's lie.
  uint64_t MappingOf(const ResolvedFrame& frame) {
    const auto [at, fresh] = mappings_.try_emplace(frame.module, mappings_.size() + 1);
    if (!fresh) return at->second;
    const int64_t name = StringOf(SafeText(frame.module)), build_id = StringOf(frame.build_id);
    protozero::pbf_writer mapping(out_, kMapping);
    mapping.add_uint64(1, at->second);
    mapping.add_uint64(2, at->second * kModuleSpan);
    mapping.add_uint64(3, (at->second + 1) * kModuleSpan);
    mapping.add_int64(5, name);
    mapping.add_int64(6, build_id);
    for (const int known : {7, 8, 9, 10})
      mapping.add_bool(static_cast<protozero::pbf_tag_type>(known),
                       true);  // asks nobody to symbolize
    return at->second;
  }

  uint64_t FunctionOf(const ResolvedFrame& frame) {
    const auto [at, fresh] =
        functions_.try_emplace({FrameName(frame), frame.file}, functions_.size() + 1);
    if (!fresh) return at->second;
    const int64_t name = StringOf(FrameName(frame)), file = StringOf(SafeText(frame.file));
    protozero::pbf_writer function(out_, kFunction);
    function.add_uint64(1, at->second);
    function.add_int64(2, name);
    function.add_int64(3, name);
    function.add_int64(4, file);
    return at->second;
  }

  // From `inner` to `end`: the functions inlined at one call site, innermost first, and the one
  // that they were inlined into.
  uint64_t LocationOf(const CallStack& stack, size_t inner, size_t end) {
    const ResolvedFrame& outer = stack[end - 1];
    std::vector<std::pair<uint64_t, uint32_t>> lines;
    for (size_t i = inner; i < end; ++i) lines.emplace_back(FunctionOf(stack[i]), stack[i].line);
    const auto [at, fresh] =
        locations_.try_emplace({outer.module, outer.offset, lines}, locations_.size() + 1);
    if (!fresh) return at->second;
    const uint64_t mapping = MappingOf(outer);
    protozero::pbf_writer location(out_, kLocation);
    location.add_uint64(1, at->second);
    location.add_uint64(2, mapping);
    location.add_uint64(3, mapping * kModuleSpan + outer.offset % kModuleSpan);
    for (const auto& [function, line] : lines) {
      protozero::pbf_writer one(location, 4);
      one.add_uint64(1, function);
      one.add_int64(2, line);
    }
    return at->second;
  }

  void Sample(const SiteResult& site) {
    std::vector<uint64_t> stack;
    for (size_t begin = LeafOf(site); begin < site.stack.size();) {
      size_t end = begin + 1;
      while (end < site.stack.size() && site.stack[end - 1].inlined) ++end;
      stack.push_back(LocationOf(site.stack, begin, end));
      begin = end;
    }
    const SiteFigures figures = FiguresOf(site);
    const int64_t values[] = {figures.live_objects, figures.live_bytes, figures.born_bytes,
                              figures.growth_bytes_per_hour};
    std::vector<std::pair<int64_t, int64_t>> labels = {
        {StringOf("verdict"), StringOf(Name(site.verdict))},
        {StringOf("trend"), StringOf(Name(site.trend))}};
    if (site.memory) {
      labels.emplace_back(StringOf("memory"), StringOf(MemoryVerdictName(site.memory->verdict)));
      if (!site.memory->holders.empty())
        labels.emplace_back(StringOf("holder"), StringOf(HolderText(site.memory->holders.front())));
    }
    protozero::pbf_writer sample(out_, kSample);
    sample.add_packed_uint64(1, stack.begin(), stack.end());
    sample.add_packed_int64(2, std::begin(values), std::end(values));
    for (const auto& [key, text] : labels) {
      protozero::pbf_writer label(sample, 3);
      label.add_int64(1, key);
      label.add_int64(2, text);
    }
  }

  void Comment(const std::string& text) { out_.add_int64(kComment, StringOf(text)); }

  void Rest() {
    const capture::Capture& capture = input_.capture;
    out_.add_int64(kTimeNanos, capture.process.start_realtime_ns);
    out_.add_int64(kDurationNanos, static_cast<int64_t>(capture.duration_ms) * 1'000'000);
    Type(kPeriodType, "space", "bytes");
    out_.add_int64(kPeriod, static_cast<int64_t>(capture.interval_now));
    out_.add_int64(kDefaultSampleType, StringOf("inuse_space"));
    Comment(absl::StrCat("leaktrack: ", SafeText(capture.process.program), ", ", EndName(capture),
                         "; growth is in bytes per hour"));
    if (const std::string scope = ScopeText(input_); !scope.empty()) Comment(SafeText(scope));
    for (const std::string& one : capture.damage) Comment(absl::StrCat("damage: ", SafeText(one)));
    if (const uint64_t lost = capture.losses[capture::kLostAllocations])
      Comment(absl::StrCat(lost, " allocations were lost"));
    if (const std::string doubt = DoubtText(input_.analysis.doubts); !doubt.empty())
      Comment(absl::StrCat("inconclusive: ", doubt));
  }

  const ReportInput& input_;
  std::string data_;
  protozero::pbf_writer out_{data_};
  std::vector<std::string> strings_;
  std::map<std::string, int64_t> string_numbers_;
  std::map<std::string, uint64_t> mappings_;
  std::map<std::pair<std::string, std::string>, uint64_t> functions_;
  std::map<std::tuple<std::string, uint64_t, std::vector<std::pair<uint64_t, uint32_t>>>, uint64_t>
      locations_;
};

}  // namespace

std::string PprofReport(const ReportInput& input, size_t top) {
  return Gzip(Profile(input).Write(top));
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
//
// The view of a host as metrics: OpenMetrics, or the older text of Prometheus.
//
// Promises: at most so many processes, cgroups and sites as asked for; the rest is one summed
// series, with command "(rest)". Series of a process carry pid, command and run_id. A time to a
// limit is only given where it is trusted: an alert may rely on it. Labels are escaped, whatever
// the names are.
#ifndef LEAKTRACK_TOOLS_LIVE_WORDS_METRICS_H_
#define LEAKTRACK_TOOLS_LIVE_WORDS_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/live/model/view.h"

namespace leaktrack::live {

enum class MetricsFormat : uint8_t { kPrometheus, kOpenMetrics };

// By the Accept header.
MetricsFormat ChooseMetricsFormat(const std::string& accept);
const char* ContentType(MetricsFormat format);

struct MetricsOptions {
  MetricsFormat format = MetricsFormat::kPrometheus;
  size_t processes = 50, cgroups = 200, sites = 20;  // sites of each process
};

std::string MetricsText(const HostView& host, const MetricsOptions& options);

// Writes families of samples; internal to the above, and tested by itself.
class MetricsWriter {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;

  explicit MetricsWriter(MetricsFormat format) : format_(format) {}
  // `name` of a counter without "_total".
  void Family(std::string_view name, std::string_view type, std::string_view help);
  void Sample(const Labels& labels, double value);
  std::string Finish() &&;

 private:
  MetricsFormat format_;
  std::string text_, sample_name_;
};

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_WORDS_METRICS_H_

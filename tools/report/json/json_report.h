// SPDX-License-Identifier: Apache-2.0
//
// The report for machines: schema 1, every name of it in every report, null where a thing is not
// known.
//
// Promises: names are a contract (tests/report/json/json_report_test.cc lists them), keys keep
// their order, intervals are 90 %, that of seconds_to_limit 80 % (one in ten sooner, one in ten
// later; null: never, in that share). Names may be added within a schema number; removed or given
// another meaning only with a new one. Beyond the core names:
//   process  used_fraction, headroom_bytes, limit_odds [{within_seconds, probability}],
//            growth_bytes_per_hour {mid, low, high} of all accused sites, warming_up
//   memory   because, advice [text]; anonymous, file, shared, swap, unexplained _bytes; threads;
//            allocator {name, in_use_bytes, free_bytes, arenas}; resident_per_live_byte;
//            growth_bytes_per_hour of rss, live_heap, retained, mapped, unexplained, each {mid,
//            low, high}
//   window   null, or of --since: {seconds, from_seconds}, from the start of the run
//   selection  what --site, --filter and --top left out: sites_total, sites_shown,
//              growing_left_out, live_bytes_left_out, the
//            options themselves, and `text`, a sentence of it and of how to have all; null where
//            nothing was left out
//   sites    id (what --site takes), kind, stacks_joined, stack_is_shared_part, stack_truncated,
//            born_bytes, leaked_share, freed_at_exit, sawtooth {base_bytes_per_hour, tooth_bytes},
//            plateau {bytes, after_seconds}, lift, family
#ifndef LEAKTRACK_TOOLS_REPORT_JSON_JSON_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_JSON_JSON_REPORT_H_

#include <string>

#include "tools/base/text_sink.h"
#include "tools/report/input/report_input.h"

namespace leaktrack {

// `top`: sites in full, 0 for all. Written some hundred sites at a time: memory is that of their
// figures, not of their text.
void WriteJsonReport(const ReportInput& input, size_t top, TextSink& sink);
std::string JsonReport(const ReportInput& input, size_t top);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_JSON_JSON_REPORT_H_

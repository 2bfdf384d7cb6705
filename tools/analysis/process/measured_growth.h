// SPDX-License-Identifier: Apache-2.0
//
// What was measured to grow, whether or not any site is proven to.
//
// What: resident memory, the sum of the live heap, the sum of the mappings, in this order; the
// first of them that grows beyond its own noise. Noise: the interval of its slope, and a floor, for
// resident memory 1 MiB and a thirtieth of it, for a sum of sampled blocks what growth at one site
// would have been found, and the error of such a sum. Growth in a few bursts has no slope; it
// counts where all of the last third lies above all of the first.
// Why: a site is judged by its blocks. Arenas whose blocks get ever rarer, a few large bursts, and
// growth over many places prove no site, and yet the memory fills.
// Promises: what has stopped by the middle of the stretch does not go on. Start-up does not count.
// Limits: mappings are address space; that they grow is told only where resident memory is not.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEASURED_GROWTH_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEASURED_GROWTH_H_

#include <optional>
#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

// What grew in these readings by more than `floor_bytes`. Empty: nothing that is no noise.
std::optional<Rate> GrowthBeyond(const std::vector<double>& hours,
                                 const std::vector<double>& values, double floor_bytes);

// Fills measured_growth, and what each site has grown by. The memory account stands already.
void MeasureGrowth(const capture::Capture& capture, Analysis& analysis);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEASURED_GROWTH_H_

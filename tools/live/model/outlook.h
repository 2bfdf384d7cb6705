// SPDX-License-Identifier: Apache-2.0
//
// From growth and room to time, and from both to a status.
//
// Promises: no time without growth; a growth that slows down, or that has been as high before, gets
// none. A time beyond the trusted one has no upper end: it may stop.
#ifndef LEAKTRACK_TOOLS_LIVE_MODEL_OUTLOOK_H_
#define LEAKTRACK_TOOLS_LIVE_MODEL_OUTLOOK_H_

#include <optional>

#include "tools/live/model/view.h"

namespace leaktrack::live {

Outlook OutlookOf(const Growth& growth, double headroom_bytes);

// The sooner one; one that is known before one that is not.
bool Sooner(const Outlook& a, const Outlook& b);

// `used` empty: it does not count. A time that is not trusted counts up to 20 times as long as the
// growth was watched (of a start-up up to eight times), and up to 64 times as a warning.
Status StatusOf(const StatusLevels& levels, std::optional<double> used, const Growth& growth,
                const Outlook& outlook);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_MODEL_OUTLOOK_H_

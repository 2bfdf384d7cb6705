// SPDX-License-Identifier: Apache-2.0
//
// Figures of one column in one unit, that of the largest: so they can be compared by eye.
//
// Promises: what is more than nothing never reads as 0; "< 0.1 MiB" stands for it.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_COLUMNS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_COLUMNS_H_

#include <initializer_list>
#include <string>
#include <vector>

namespace leaktrack {

class SizeColumn {
 public:
  // Of all its figures, in bytes; negative ones count by their size.
  explicit SizeColumn(const std::vector<double>& bytes);

  std::string Text(double bytes) const;  // "1,234.5 MiB"

 private:
  const char* unit_ = "B";
  double scale_ = 1;
};

// Growth: by the minute where any of the figures reaches 60 MiB/h, else by the hour.
class RateColumn {
 public:
  explicit RateColumn(const std::vector<double>& bytes_per_hour);

  std::string Text(double bytes_per_hour) const;  // "12.3 MiB/min"

 private:
  bool minutes_ = false;
  SizeColumn sizes_;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_COLUMNS_H_

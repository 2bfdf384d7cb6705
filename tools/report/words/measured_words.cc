// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/measured_words.h"

#include "absl/strings/str_cat.h"
#include "tools/base/units.h"
#include "tools/report/words/growth_words.h"

namespace leaktrack {
namespace {

const char* WhatText(GrowingSum sum) {
  switch (sum) {
    case GrowingSum::kResident:
      return "resident memory";
    case GrowingSum::kHeap:
      return "the live heap";
    case GrowingSum::kMappings:
      return "mapped address space";
  }
  return "";
}

}  // namespace

std::string MeasuredText(const MeasuredGrowth& growth, const RunTimes& run) {
  return absl::StrCat(WhatText(growth.sum), " grows ", GrowthText(growth.rate), " since ",
                      MomentText(growth.from_seconds, run));
}

std::string StoppedText(const MeasuredGrowth& growth, const RunTimes& run) {
  return absl::StrCat(WhatText(growth.sum), " grew by ", FormatSize(growth.bytes), " after ",
                      MomentText(growth.from_seconds, run), " and has stopped");
}

}  // namespace leaktrack

// SPDX-License-Identifier: Apache-2.0
//
// The two macros of the tools: pass an error up, or take the value out.
//
//   RETURN_IF_ERROR(WriteAll(fd, text));
//   ASSIGN_OR_RETURN(const uint64_t limit, ParseSize(option));
//
// Why macros: C++20 has no other way to return from the caller.
// Why only two: more would be a language of its own.
// Limit: ASSIGN_OR_RETURN is two statements, so it cannot be the body of an `if` without braces.
#ifndef LEAKTRACK_TOOLS_BASE_STATUS_MACROS_H_
#define LEAKTRACK_TOOLS_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(expression)                                             \
  do {                                                                          \
    if (absl::Status leaktrack_status_ = (expression); !leaktrack_status_.ok()) \
      return leaktrack_status_;                                                 \
  } while (false)

#define ASSIGN_OR_RETURN(target, expression) \
  LEAKTRACK_ASSIGN_OR_RETURN_(LEAKTRACK_JOIN_(leaktrack_result_, __LINE__), target, expression)

#define LEAKTRACK_ASSIGN_OR_RETURN_(result, target, expression) \
  auto result = (expression);                                   \
  if (!result.ok()) return std::move(result).status();          \
  target = *std::move(result)

#define LEAKTRACK_JOIN_(a, b) LEAKTRACK_JOIN_NOW_(a, b)
#define LEAKTRACK_JOIN_NOW_(a, b) a##b

#endif  // LEAKTRACK_TOOLS_BASE_STATUS_MACROS_H_

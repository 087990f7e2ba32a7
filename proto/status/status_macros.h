// Early returns for absl::Status and absl::StatusOr, shaped like the ones that newer Abseil has.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the function when `expression`, an absl::Status, is an error.
#define ORA_RETURN_IF_ERROR(expression)                                              \
  do {                                                                               \
    if (absl::Status ora_status = (expression); !ora_status.ok()) return ora_status; \
  } while (false)

#define ORA_STATUS_CONCAT_INNER(a, b) a##b
#define ORA_STATUS_CONCAT(a, b) ORA_STATUS_CONCAT_INNER(a, b)

// Declares or assigns `target` from `expression`, an absl::StatusOr, or returns its error.
#define ORA_ASSIGN_OR_RETURN(target, expression) \
  ORA_ASSIGN_OR_RETURN_INNER(ORA_STATUS_CONCAT(ora_status_or_, __LINE__), target, expression)
#define ORA_ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                                  \
  if (!temporary.ok()) return std::move(temporary).status();      \
  target = *std::move(temporary)

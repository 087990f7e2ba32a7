// Who makes the series.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "storage/cardinality.h"
#include "storage/index/index_tables.h"

namespace ora::storage {

// Both hold the lock for short stretches only. What comes and goes meanwhile may be counted or not.

// The `top` highest of each list; ids from `id_new` up to below `id_next` count as churn. The
// limits and what was forgotten are the caller's to fill in.
CardinalityReport CountCardinality(const IndexTables& tables, size_t top, uint32_t id_new,
                                   uint32_t id_next);

// The metric with the most published series, and its label with the most values.
struct Offender {
  std::string metric;  // Empty: there is none.
  std::string label;   // Empty: it has no other label than its name and the instance.
  uint64_t values = 0;
};

// Among the series of one instance, or of the store when `instance` is empty.
Offender FindOffender(const IndexTables& tables, absl::string_view instance);

}  // namespace ora::storage

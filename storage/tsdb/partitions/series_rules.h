// Which retention rule each series goes by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/index/series_index.h"
#include "storage/retention/retention_plan.h"
#include "storage/rocks/keys.h"

namespace ora::storage {

// Asks the plan once a series: labels are dear to build, and never change. Not thread-safe.
class SeriesRules {
 public:
  // Both must outlive the object.
  SeriesRules(const RetentionPlan& plan, const SeriesIndex& index) : plan_(plan), index_(index) {}

  // The position of an allotted series' rule in the plan.
  size_t RuleOf(SeriesId id);

 private:
  static constexpr uint8_t kNotAsked = UINT8_MAX;

  const RetentionPlan& plan_;
  const SeriesIndex& index_;
  std::vector<uint8_t> rules_;  // By id.
};

}  // namespace ora::storage

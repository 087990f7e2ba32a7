#include "storage/tsdb/partitions/series_rules.h"

#include <algorithm>

namespace ora::storage {

static_assert(kRetentionRulesMax < UINT8_MAX);

size_t SeriesRules::RuleOf(SeriesId id) {
  if (plan_.size() == 1) return 0;
  if (id >= rules_.size()) {
    // As much again, so that new series do not move the table one by one.
    rules_.resize(std::max<size_t>(id + 1, rules_.size() * 2), kNotAsked);
  }
  if (rules_[id] == kNotAsked) {
    rules_[id] = static_cast<uint8_t>(plan_.RuleOf(index_.LabelsOf(id)));
  }
  return rules_[id];
}

}  // namespace ora::storage

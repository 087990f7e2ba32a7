// How long samples are kept, and in what resolution.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "storage/matcher.h"

namespace ora::storage {

// How long samples of each resolution are kept, from the sample's own time on. Partitions go whole,
// when the newest sample that they may hold is older than this. Zero: the tier is not kept.
struct Retention {
  absl::Duration raw = absl::Hours(24 * 30);
  absl::Duration five_minutes = absl::Hours(24 * 180);
  absl::Duration one_hour = absl::Hours(24 * 730);
};

// Series that are kept for another time than the rest. The first rule whose matchers all match is
// the series' own.
struct RetentionRule {
  std::string name;  // 1 to 32 characters of [a-z0-9_], unique, not "default".
  std::vector<Matcher> matchers;
  Retention retention;
};

inline constexpr size_t kRetentionRulesMax = 8;

}  // namespace ora::storage

// What is kept for how long: which rule a series goes by, and which partitions go when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "storage/labels.h"
#include "storage/retention_rules.h"
#include "storage/rocks/keys.h"

namespace ora::storage {

// The rule of series that no other rule matches.
inline constexpr absl::string_view kDefaultRule = "default";
inline constexpr size_t kRuleNameBytesMax = 32;
// A shorter life of raw samples would end before they are a day's partition.
inline constexpr absl::Duration kRawRetentionMin = absl::Hours(1);

struct PartitionSize {
  PartitionId id;
  uint64_t bytes = 0;  // On disk, about.
};

struct DiskUse {
  uint64_t bytes = 0;      // All in.
  uint64_t bytes_max = 0;  // 0: no limit.
};

// The raw partitions that a limit of disk space costs.
struct EarlyExpiry {
  std::vector<PartitionId> partitions;  // In the order in which they go, oldest first.
  uint64_t bytes_left = 0;              // In use when they are gone: may be above the limit still.
};

// One configuration of retention. No I/O, no state, immutable: any thread.
class RetentionPlan {
 public:
  // `fallback` is for the series that no rule matches. INVALID_ARGUMENT, naming the rule, the value
  // and the limit: a bad or repeated name, a rule without matchers, more than kRetentionRulesMax
  // rules, raw samples kept for less than kRawRetentionMin, a tier that is kept for less time than
  // the finer resolutions (it would never be read).
  static absl::StatusOr<RetentionPlan> Make(const Retention& fallback,
                                            std::vector<RetentionRule> rules);

  // How many rules there are, the default's included.
  size_t size() const { return rules_.size(); }

  // The first rule that matches; size() - 1 is the default's. Regular expressions run each time, so
  // ask once a series.
  size_t RuleOf(const Labels& labels) const;

  // Of a rule below size().
  const std::string& name(size_t rule) const { return rules_[rule].name; }
  const Retention& retention(size_t rule) const { return rules_[rule].retention; }

  // The default's for a name that this configuration has no more: its partitions live on.
  const Retention& retention_of(absl::string_view name) const;

  // How long samples of this resolution are kept; zero: not at all.
  absl::Duration KeptFor(Resolution resolution, absl::string_view rule) const;

  // Whether nothing of it is young enough to be kept: the newest sample that it may hold is older
  // than the retention.
  bool IsExpired(const PartitionId& id, absl::Time now) const;

  // Those of `partitions` that are expired, in their order.
  std::vector<PartitionId> Expired(absl::Span<const PartitionSize> partitions,
                                   absl::Time now) const;

 private:
  explicit RetentionPlan(std::vector<RetentionRule> rules) : rules_(std::move(rules)) {}

  std::vector<RetentionRule> rules_;  // The last is the default's and has no matchers.
};

// Which raw partitions must go before their time so that `use` comes to its limit: the oldest
// first, of one day the largest first; never those of the day of `now` or later, and never tiers,
// which are small and the longest memory. The caller sees to it that a day's tiers are there before
// it goes.
EarlyExpiry ExpireEarly(absl::Span<const PartitionSize> partitions, const DiskUse& use,
                        absl::Time now);

}  // namespace ora::storage

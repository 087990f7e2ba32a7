#include "storage/retention/retention_plan.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

bool IsRuleCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

absl::Status RuleError(absl::string_view rule, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("retention rule `", rule, "` ", what));
}

absl::Status CheckName(absl::string_view name) {
  if (name.empty() || name.size() > kRuleNameBytesMax) {
    return RuleError(name, absl::StrCat("has a name of ", name.size(), " bytes; write 1 to ",
                                        kRuleNameBytesMax, " of [a-z0-9_]"));
  }
  if (!std::all_of(name.begin(), name.end(), IsRuleCharacter)) {
    return RuleError(name, "has a name with other characters than [a-z0-9_]");
  }
  if (name == kDefaultRule) {
    return RuleError(name, "has the name of what no rule matches; choose another");
  }
  return absl::OkStatus();
}

struct KeptTime {
  absl::string_view what;
  absl::Duration time;
};

// Zero is a tier that is not kept.
absl::Status CheckTier(absl::string_view rule, const KeptTime& tier, const KeptTime& finer) {
  if (tier.time == absl::ZeroDuration() || tier.time >= finer.time) return absl::OkStatus();
  return RuleError(
      rule, absl::StrCat("keeps ", tier.what, " for ", absl::FormatDuration(tier.time),
                         ", less than ", finer.what, " with ", absl::FormatDuration(finer.time),
                         "; write that or more, or 0 not to keep it"));
}

absl::Status CheckRetention(absl::string_view rule, const Retention& retention) {
  if (retention.raw < kRawRetentionMin) {
    return RuleError(rule,
                     absl::StrCat("keeps raw samples for ", absl::FormatDuration(retention.raw),
                                  "; write ", absl::FormatDuration(kRawRetentionMin), " or more"));
  }
  const KeptTime raw = {"raw samples", retention.raw};
  const KeptTime five_minutes = {"the 5 min tier", retention.five_minutes};
  const KeptTime one_hour = {"the 1 h tier", retention.one_hour};
  for (const auto& [tier, finer] : {std::pair(five_minutes, raw), std::pair(one_hour, raw),
                                    std::pair(one_hour, five_minutes)}) {
    if (absl::Status checked = CheckTier(rule, tier, finer); !checked.ok()) return checked;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RetentionPlan> RetentionPlan::Make(const Retention& fallback,
                                                  std::vector<RetentionRule> rules) {
  if (rules.size() > kRetentionRulesMax) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", rules.size(),
                                                   " retention rules; at most ", kRetentionRulesMax,
                                                   " are allowed"));
  }
  for (auto rule = rules.begin(); rule != rules.end(); ++rule) {
    if (absl::Status named = CheckName(rule->name); !named.ok()) return named;
    const bool repeated = std::any_of(rules.begin(), rule, [&](const RetentionRule& earlier) {
      return earlier.name == rule->name;
    });
    if (repeated) return RuleError(rule->name, "is there twice; give each its own name");
    if (rule->matchers.empty()) {
      return RuleError(rule->name, "matches every series; write what it is for");
    }
    if (absl::Status kept = CheckRetention(rule->name, rule->retention); !kept.ok()) return kept;
  }
  if (absl::Status kept = CheckRetention(kDefaultRule, fallback); !kept.ok()) return kept;
  rules.push_back({std::string(kDefaultRule), {}, fallback});
  return RetentionPlan(std::move(rules));
}

size_t RetentionPlan::RuleOf(const Labels& labels) const {
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const RetentionRule& candidate) {
    return std::all_of(
        candidate.matchers.begin(), candidate.matchers.end(),
        [&](const Matcher& matcher) { return matcher.Matches(labels.Get(matcher.name())); });
  });
  return static_cast<size_t>(rule - rules_.begin());  // The default's has no matcher to fail.
}

const Retention& RetentionPlan::retention_of(absl::string_view name) const {
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const RetentionRule& candidate) {
    return candidate.name == name;
  });
  return rule == rules_.end() ? rules_.back().retention : rule->retention;
}

absl::Duration RetentionPlan::KeptFor(Resolution resolution, absl::string_view rule) const {
  const Retention& retention = retention_of(rule);
  switch (resolution) {
    case Resolution::kRaw:
      return retention.raw;
    case Resolution::kFiveMinutes:
      return retention.five_minutes;
    case Resolution::kOneHour:
      return retention.one_hour;
  }
  return absl::InfiniteDuration();
}

bool RetentionPlan::IsExpired(const PartitionId& id, absl::Time now) const {
  const absl::Duration kept = KeptFor(id.resolution, id.rule);
  // A tier that is not kept goes at once, even the part of today.
  if (kept == absl::ZeroDuration()) return true;
  const int64_t end_day = int64_t{id.first_day} + DaysOf(id.resolution);
  const absl::Time newest = absl::FromUnixMillis(end_day * kDayMillis - 1);
  return newest < now - kept;
}

std::vector<PartitionId> RetentionPlan::Expired(absl::Span<const PartitionSize> partitions,
                                                absl::Time now) const {
  std::vector<PartitionId> expired;
  for (const PartitionSize& partition : partitions) {
    if (IsExpired(partition.id, now)) expired.push_back(partition.id);
  }
  return expired;
}

EarlyExpiry ExpireEarly(absl::Span<const PartitionSize> partitions, const DiskUse& use,
                        absl::Time now) {
  EarlyExpiry expiry;
  expiry.bytes_left = use.bytes;
  if (use.bytes_max == 0 || use.bytes <= use.bytes_max) return expiry;
  const Day today = DayOf(absl::ToUnixMillis(now));
  std::vector<PartitionSize> candidates;
  for (const PartitionSize& partition : partitions) {
    if (partition.id.resolution == Resolution::kRaw && partition.id.first_day < today) {
      candidates.push_back(partition);
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const PartitionSize& a, const PartitionSize& b) {
                     if (a.id.first_day != b.id.first_day) return a.id.first_day < b.id.first_day;
                     return a.bytes > b.bytes;
                   });
  for (PartitionSize& candidate : candidates) {
    if (expiry.bytes_left <= use.bytes_max) break;
    expiry.bytes_left -= std::min(expiry.bytes_left, candidate.bytes);
    expiry.partitions.push_back(std::move(candidate.id));
  }
  return expiry;
}

}  // namespace ora::storage

#include "proto/contract/storage_config_checks.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/contract/config_ranges.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"

namespace ora::contract {
namespace {

using config::v1::RetentionRule;
using config::v1::StorageConfig;

constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kRawMin = absl::Hours(1);
constexpr absl::Duration kRawMax = absl::Hours(24 * 3'653);
constexpr absl::Duration kTierMax = absl::Hours(24 * 18'263);
constexpr absl::Duration kRawDefault = absl::Hours(24 * 30);
constexpr absl::Duration kFiveMinutesDefault = absl::Hours(24 * 180);
constexpr absl::Duration kOneHourDefault = absl::Hours(24 * 730);

constexpr uint64_t kSeriesMax = 100'000'000;
constexpr uint64_t kSeriesDefault = 2'000'000;
constexpr uint64_t kFreeBytesFloorDefault = uint64_t{256} << 20;
constexpr uint64_t kDiskBytesMin = uint64_t{1} << 20;
constexpr uint64_t kOpenBytesMin = uint64_t{16} << 20;
constexpr uint64_t kOpenBytesMax = uint64_t{64} << 30;
constexpr uint64_t kOpenBytesDefault = uint64_t{320} << 20;

// Of the store, or of a rule, with what is absent filled in.
struct KeptTimes {
  absl::Duration raw;
  absl::Duration five_minutes;
  absl::Duration one_hour;
};

KeptTimes TimesOf(const StorageConfig& storage) {
  KeptTimes kept;
  kept.raw = storage.has_retention() ? ToAbsl(storage.retention()) : kRawDefault;
  kept.five_minutes = storage.has_retention_5m() ? ToAbsl(storage.retention_5m())
                                                 : std::max(kFiveMinutesDefault, kept.raw);
  kept.one_hour = storage.has_retention_1h()
                      ? ToAbsl(storage.retention_1h())
                      : std::max({kOneHourDefault, kept.raw, kept.five_minutes});
  return kept;
}

KeptTimes TimesOf(const RetentionRule& rule) {
  return {ToAbsl(rule.retention()), ToAbsl(rule.retention_5m()), ToAbsl(rule.retention_1h())};
}

// A tier that ends before a finer one would never be read.
absl::Status CheckTier(absl::string_view field, absl::Duration kept, absl::Duration least) {
  if (kept == absl::ZeroDuration() || (kept >= least && kept <= kTierMax)) return absl::OkStatus();
  return FieldError(
      field, absl::StrCat("is ", absl::FormatDuration(kept), "; write ",
                          absl::FormatDuration(least), ", for which finer samples are kept, to ",
                          absl::FormatDuration(kTierMax), ", or 0s not to keep it"));
}

// `prefix` names what the fields are of, such as `storage.`.
absl::Status CheckTiers(absl::string_view prefix, const KeptTimes& kept) {
  ORA_RETURN_IF_ERROR(CheckTier(absl::StrCat(prefix, "retention_5m"), kept.five_minutes, kept.raw));
  return CheckTier(absl::StrCat(prefix, "retention_1h"), kept.one_hour,
                   std::max(kept.raw, kept.five_minutes));
}

bool IsRuleNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

absl::Status CheckRuleName(absl::string_view field, absl::string_view name) {
  const bool sized = !name.empty() && name.size() <= kRetentionRuleNameBytesMax;
  if (!sized || !std::all_of(name.begin(), name.end(), IsRuleNameCharacter)) {
    return FieldError(field, absl::StrCat("is `", name, "`; write 1 to ",
                                          kRetentionRuleNameBytesMax, " characters of [a-z0-9_]"));
  }
  if (name == "default") {
    return FieldError(field, "is `default`, the name of what no rule matches; write another");
  }
  return absl::OkStatus();
}

absl::Status CheckRules(const StorageConfig& storage) {
  ORA_RETURN_IF_ERROR(CheckCount("storage.retention_rules",
                                 static_cast<size_t>(storage.retention_rules_size()),
                                 kRetentionRulesMax));
  std::set<std::string> seen;
  for (int i = 0; i < storage.retention_rules_size(); ++i) {
    const RetentionRule& rule = storage.retention_rules(i);
    const std::string prefix = absl::StrCat("storage.retention_rules[", i, "].");
    const std::string name_field = absl::StrCat(prefix, "name");
    ORA_RETURN_IF_ERROR(CheckRuleName(name_field, rule.name()));
    if (!seen.insert(rule.name()).second) {
      return FieldError(name_field, absl::StrCat("`", rule.name(), "` is there already"));
    }
    if (rule.match().empty() || rule.match().size() > kRetentionMatchBytesMax) {
      return FieldError(absl::StrCat(prefix, "match"),
                        absl::StrCat("has ", rule.match().size(),
                                     " bytes; write a selector of 1 to ", kRetentionMatchBytesMax));
    }
    ORA_RETURN_IF_ERROR(
        CheckDuration(absl::StrCat(prefix, "retention"), rule.retention(), {kRawMin, kRawMax}));
    ORA_RETURN_IF_ERROR(CheckTiers(prefix, TimesOf(rule)));
  }
  return absl::OkStatus();
}

absl::Status CheckDurations(const StorageConfig& storage) {
  if (storage.has_retention()) {
    ORA_RETURN_IF_ERROR(
        CheckDuration("storage.retention", storage.retention(), {kRawMin, kRawMax}));
  }
  if (storage.has_out_of_order_window()) {
    ORA_RETURN_IF_ERROR(CheckDuration("storage.out_of_order_window", storage.out_of_order_window(),
                                      {absl::ZeroDuration(), 30 * kDay}));
  }
  if (storage.has_seal_interval()) {
    ORA_RETURN_IF_ERROR(
        CheckDuration("storage.seal_interval", storage.seal_interval(), {absl::Seconds(1), kDay}));
  }
  if (storage.has_commit_gather()) {
    ORA_RETURN_IF_ERROR(CheckDuration("storage.commit_gather", storage.commit_gather(),
                                      {absl::ZeroDuration(), absl::Seconds(1)}));
  }
  return CheckTiers("storage.", TimesOf(storage));
}

}  // namespace

absl::Status CheckStorage(const StorageConfig& storage) {
  ORA_RETURN_IF_ERROR(CheckDurations(storage));
  ORA_RETURN_IF_ERROR(CheckRules(storage));
  ORA_RETURN_IF_ERROR(CheckNumber("storage.series_max", storage.series_max(), {1, kSeriesMax}));
  if (storage.disk_bytes_max() > 0 && storage.disk_bytes_max() < kDiskBytesMin) {
    return FieldError("storage.disk_bytes_max",
                      absl::StrCat("is ", storage.disk_bytes_max(), "; write ", kDiskBytesMin,
                                   " or more, or 0 for no limit"));
  }
  return CheckNumber("storage.open_bytes_max", storage.open_bytes_max(),
                     {kOpenBytesMin, kOpenBytesMax});
}

void FillStorageDefaults(StorageConfig& storage) {
  const KeptTimes kept = TimesOf(storage);
  *storage.mutable_retention() = ToProto(kept.raw);
  *storage.mutable_retention_5m() = ToProto(kept.five_minutes);
  *storage.mutable_retention_1h() = ToProto(kept.one_hour);
  if (!storage.has_out_of_order_window()) {
    *storage.mutable_out_of_order_window() = ToProto(7 * kDay);
  }
  if (!storage.has_seal_interval()) *storage.mutable_seal_interval() = ToProto(absl::Minutes(30));
  if (!storage.has_commit_gather()) {
    *storage.mutable_commit_gather() = ToProto(absl::Milliseconds(25));
  }
  if (storage.series_max() == 0) storage.set_series_max(kSeriesDefault);
  if (storage.free_bytes_floor() == 0) storage.set_free_bytes_floor(kFreeBytesFloorDefault);
  if (storage.open_bytes_max() == 0) storage.set_open_bytes_max(kOpenBytesDefault);
  for (RetentionRule& rule : *storage.mutable_retention_rules()) {
    const KeptTimes of_rule = TimesOf(rule);
    *rule.mutable_retention_5m() = ToProto(of_rule.five_minutes);
    *rule.mutable_retention_1h() = ToProto(of_rule.one_hour);
  }
}

}  // namespace ora::contract

#include "collector/tail/backup_name.h"

#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kCompressions[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
constexpr absl::string_view kDigits = "0123456789";
constexpr size_t kDayDigits = 8;      // YYYYMMDD.
constexpr size_t kSecondDigits = 14;  // YYYYMMDDHHMMSS.
constexpr size_t kNumberDigitsMax = 6;

bool IsDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of(kDigits) == absl::string_view::npos;
}

// YYYYMMDD to YYYYMMDDHHMMSS, and no number that only looks like it.
bool IsDate(absl::string_view digits) {
  if (digits.size() < kDayDigits || digits.size() > kSecondDigits || !IsDigits(digits)) {
    return false;
  }
  const absl::string_view century = digits.substr(0, 2);
  return (century == "19" || century == "20") && digits.substr(4, 2) <= "12" &&
         digits.substr(6, 2) <= "31";
}

// The digits of `text` if it is a date with or without signs between; else empty.
std::string DateDigits(absl::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (absl::StrContains(kDigits, absl::string_view(&c, 1))) {
      digits += c;
    } else if (c != '-' && c != '_' && c != 'T') {
      return {};
    }
  }
  return IsDate(digits) ? digits : std::string();
}

// Takes a dated suffix off `name.base`; false if it has none.
bool TakeDate(BackupName& name) {
  // The longest suffix first: `.2026-11-23`, `-20261123-2`, `-20261123`.
  for (size_t at = 1; at < name.base.size(); ++at) {
    if (name.base[at] != '.' && name.base[at] != '-') continue;
    absl::string_view suffix = name.base.substr(at + 1);
    std::string digits = DateDigits(suffix);
    if (digits.size() > kDayDigits && suffix.size() > kDayDigits && suffix[kDayDigits] == '-' &&
        IsDate(suffix.substr(0, kDayDigits))) {
      digits.resize(kDayDigits);  // `-20261123-2`: the second of that day.
      suffix.remove_prefix(kDayDigits + 1);
      if (!absl::SimpleAtoi(suffix, &name.rank.number)) continue;
    } else if (digits.empty()) {
      const bool counted = suffix.size() > kDayDigits + 1 && suffix[kDayDigits] == '-' &&
                           IsDate(suffix.substr(0, kDayDigits)) &&
                           IsDigits(suffix.substr(kDayDigits + 1)) &&
                           absl::SimpleAtoi(suffix.substr(kDayDigits + 1), &name.rank.number);
      if (!counted) continue;
      digits = std::string(suffix.substr(0, kDayDigits));
    }
    name.rank.kind = BackupRank::Kind::kDated;
    name.rank.date = digits;
    name.base = name.base.substr(0, at);
    return true;
  }
  return false;
}

bool TakeNumber(BackupName& name) {
  const size_t dot = name.base.rfind('.');
  if (dot == absl::string_view::npos || dot == 0) return false;
  const absl::string_view digits = name.base.substr(dot + 1);
  if (!IsDigits(digits) || digits.size() > kNumberDigitsMax) return false;
  if (!absl::SimpleAtoi(digits, &name.rank.number)) return false;
  name.rank.kind = BackupRank::Kind::kNumbered;
  name.base = name.base.substr(0, dot);
  return true;
}

}  // namespace

bool BackupRank::OlderThan(const BackupRank& other) const {
  if (kind != other.kind) return kind < other.kind;
  switch (kind) {
    case Kind::kDated:
      return std::tie(date, number) < std::tie(other.date, other.number);
    case Kind::kNumbered:
      return number > other.number;
    case Kind::kOther:
      return modify_time < other.modify_time;
    case Kind::kBase:
      break;
  }
  return false;
}

BackupName ParseBackupName(absl::string_view name) {
  BackupName parsed{.base = name};
  for (const absl::string_view compression : kCompressions) {
    if (name.size() > compression.size() && absl::EndsWith(name, compression)) {
      parsed.base.remove_suffix(compression.size());
      parsed.compressed = true;
      parsed.rank.kind = BackupRank::Kind::kOther;
      break;
    }
  }
  if (TakeDate(parsed) || TakeNumber(parsed)) return parsed;
  if (parsed.base.size() > 4 && absl::ConsumeSuffix(&parsed.base, ".old")) {
    parsed.rank.kind = BackupRank::Kind::kOther;
  }
  return parsed;
}

absl::string_view ComponentOfName(absl::string_view base_name) {
  absl::string_view component = base_name;
  if (!absl::ConsumeSuffix(&component, ".log") || component.empty()) return base_name;
  for (const absl::string_view stream : {"_stdout", "_stderr", "_error"}) {
    if (component.size() > stream.size() && absl::ConsumeSuffix(&component, stream)) break;
  }
  return component;
}

bool IsProcessOutput(absl::string_view base_name) {
  return absl::EndsWith(base_name, "_stdout.log") || absl::EndsWith(base_name, "_stderr.log");
}

}  // namespace ora::collector

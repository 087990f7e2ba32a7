// Prometheus's rule files: text to groups, with every mistake and its place.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "aggregator/rules/rule_group.h"

namespace ora::aggregator {

inline constexpr size_t kRuleFileGroupsMax = 1'000;
inline constexpr size_t kRuleFileRulesMax = 10'000;
inline constexpr size_t kRuleFileErrorsMax = 100;  // More of one file are not told.
inline constexpr absl::Duration kRuleIntervalMin = absl::Milliseconds(100);

// What a file says. Its groups are good for use where there are no errors.
struct RuleFileReading {
  std::vector<RuleGroupOptions> groups;
  // `FILE:LINE:COLUMN: groups[0].rules[1].expr: 1:5: parse error: ...`, in the order of the file. A
  // text that is no YAML, and a field that there is not, are told alone.
  std::vector<std::string> errors;
};

// `file` is named in errors and is each group's `file`. A group's name is that of the file with its
// last folder's part, `@` in between, so that two files may have groups of one name.
// `interval`: of groups that say none.
RuleFileReading ReadRuleFile(const std::string& file, absl::string_view text,
                             absl::Duration interval);

// How many rules a reading has, for those who tell of it.
size_t RuleCount(const RuleFileReading& reading);

}  // namespace ora::aggregator

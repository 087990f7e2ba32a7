#include "aggregator/config/load_rules.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "aggregator/rules/files/rule_file.h"
#include "proto/contract/limits.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"
#include "storage/env/file_pattern.h"

namespace ora::aggregator {
namespace {

absl::Duration IntervalOf(const config::v1::AggregatorConfig& config) {
  const auto& interval = config.alerts().evaluation_interval();
  return absl::Seconds(interval.seconds()) + absl::Nanoseconds(interval.nanos());
}

}  // namespace

absl::StatusOr<std::vector<RuleGroupOptions>> LoadRules(const config::v1::AggregatorConfig& config,
                                                        storage::FileSystem& file_system) {
  std::vector<RuleGroupOptions> groups;
  std::vector<std::string> errors;
  for (const std::string& pattern : config.rules().files()) {
    absl::StatusOr<std::vector<std::string>> files = storage::FilesOf(pattern, file_system);
    if (!files.ok()) return Annotate(files.status(), absl::StrCat("rules.files: ", pattern));
    for (const std::string& file : *files) {
      const absl::StatusOr<std::string> text =
          file_system.ReadWhole(file, contract::kConfigBytesMax);
      if (!text.ok()) return Annotate(text.status(), "rules.files");
      RuleFileReading reading = ReadRuleFile(file, *text, IntervalOf(config));
      errors.insert(errors.end(), reading.errors.begin(), reading.errors.end());
      std::move(reading.groups.begin(), reading.groups.end(), std::back_inserter(groups));
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  return groups;
}

}  // namespace ora::aggregator

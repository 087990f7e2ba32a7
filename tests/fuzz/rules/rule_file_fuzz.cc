// Any bytes as a rule file and as samples of its unit tests: groups that can be opened or errors
// that name the file, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "aggregator/rules/compiled_rule.h"
#include "aggregator/rules/files/rule_file.h"
#include "aggregator/rules/files/series_notation.h"
#include "aggregator/rules/group_options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  ora::aggregator::RuleFileReading reading =
      ora::aggregator::ReadRuleFile("f.yml", text, absl::Seconds(15));
  for (const std::string& error : reading.errors) {
    if (!absl::StartsWith(error, "f.yml")) std::abort();
  }
  if (reading.errors.empty()) {
    for (ora::aggregator::RuleGroupOptions& group : reading.groups) {
      group.record = [](const auto&, const auto&, int64_t) { return absl::OkStatus(); };
      if (!ora::aggregator::CheckOptions(group).ok()) std::abort();
      for (const ora::aggregator::AlertRule& rule : group.rules) {
        if (!ora::aggregator::Compile(rule, absl::Hours(1)).ok()) std::abort();
      }
    }
  }
  const auto samples = ora::aggregator::ParseSamples(text);
  if (samples.ok() && samples->size() > ora::aggregator::kNotedSamplesMax) std::abort();
  (void)ora::aggregator::ParseSeries(text).ok();
  return 0;
}

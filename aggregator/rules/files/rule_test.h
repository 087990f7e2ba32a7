// Unit tests of rules, in promtool's form: series, then which alerts fire and what expressions
// answer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::aggregator {

// A test may evaluate its groups at no more instants than this.
inline constexpr int64_t kRuleTestStepsMax = 1'000'000;
// So many samples a test may have, those that its rules record among them.
inline constexpr size_t kRuleTestSamplesMax = 2'000'000;

struct RuleTestReport {
  size_t passed = 0;
  // `FILE: test 2 (NAME): alert X at 5m: expected ..., got ...`; what is wrong with the files too.
  // At most contract::kTestFailuresMax, each of at most contract::kTestFailureBytesMax.
  std::vector<std::string> failures;
};

// A rule file that a path of `rule_files` means: its path, and its text.
struct NamedText {
  std::string path;
  std::string text;
};
using RuleFilesFn =
    std::function<absl::StatusOr<std::vector<NamedText>>(const std::string& pattern)>;

// Asked now and then; an error ends the run with it.
using CheckAliveFn = std::function<absl::Status()>;

// Runs every test of a file; `read` gives the rule files that it names. Errors are those of
// `check_alive` alone.
absl::StatusOr<RuleTestReport> RunRuleTests(const std::string& file, absl::string_view text,
                                            const RuleFilesFn& read,
                                            const CheckAliveFn& check_alive);

}  // namespace ora::aggregator

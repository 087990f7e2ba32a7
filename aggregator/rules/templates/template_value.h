// What the expressions of a template give.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/labels.h"

namespace ora::aggregator {

// One series of a query's answer; `.Labels` and `.Value` in a template.
struct TemplateSample {
  storage::Labels labels;
  double value = 0;
};

// Nothing, a truth, a number, a text, labels, a sample, or samples.
using TemplateValue = std::variant<std::monostate, bool, double, std::string, storage::Labels,
                                   TemplateSample, std::vector<TemplateSample>>;

// What a template is filled from.
struct TemplateScope {
  storage::Labels labels;
  double value = 0;
  storage::Labels external_labels;
  std::string external_url;
  double now_seconds = 0;
  // Evaluates PromQL at the same instant; may be empty, then `query` is an error.
  std::function<absl::StatusOr<std::vector<TemplateSample>>(const std::string& expression)> query;
};

// As Go prints it: `1.5`, `1e+06`, `map[a:b c:d]`.
std::string PrintedText(const TemplateValue& value);

// As Go's %v of a float: shortest digits, with an exponent below 1e-04 and from 1e+06 on.
std::string GoNumber(double value);

// Whether `if` takes it as true: not nothing, false, 0, or empty.
bool IsTrue(const TemplateValue& value);

}  // namespace ora::aggregator

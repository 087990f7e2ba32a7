// The text of an annotation or label, with places for an alert's labels and value.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "aggregator/rules/templates/template_syntax.h"
#include "aggregator/rules/templates/template_value.h"
#include "storage/labels.h"

namespace ora::aggregator {

// A template of Prometheus's: `{{ $labels.NAME }}`, `{{ $value | humanize }}`, `{{ if gt $value
// 1.0 }}`, `{{ query "up" | first | value }}` and the like. Immutable, so thread-safe.
class AnnotationTemplate {
 public:
  // INVALID_ARGUMENT: a `{{` is not closed or holds what is not known; the message quotes it.
  static absl::StatusOr<AnnotationTemplate> Parse(absl::string_view text);

  // At most 4 KiB; longer text is cut. A label that is absent is empty. What cannot be filled in
  // becomes `<error expanding template: ...>`, as in Prometheus.
  std::string Fill(const TemplateScope& scope) const;
  std::string Fill(const storage::Labels& labels, double value) const;

 private:
  ParsedTemplate parsed_;
};

}  // namespace ora::aggregator

// The text of an annotation, with places for an alert's labels and value.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/labels.h"

namespace ora::aggregator {

// `{{ $labels.NAME }}`, `{{ $value }}`, `{{ $value | humanize }}` (or humanize1024,
// humanizePercentage, humanizeDuration), `{{ $value | printf "%.2f" }}` and
// `{{ printf "%.2f" $value }}`, as Prometheus fills them in. Immutable, so thread-safe.
class AnnotationTemplate {
 public:
  // INVALID_ARGUMENT: a `{{` is not closed or holds anything else; the message quotes it.
  static absl::StatusOr<AnnotationTemplate> Parse(absl::string_view text);

  // At most 4 KiB; longer text is cut. A label that is absent is empty.
  std::string Fill(const storage::Labels& labels, double value) const;

 private:
  enum class Kind {
    kText,
    kLabel,
    kPlain,
    kHumanize,
    kHumanize1024,
    kPercentage,
    kDuration,
    kFixed
  };
  struct Part {
    Kind kind;
    std::string text;  // The text, or the label's name.
    int digits = 0;    // Of kFixed.
  };

  static absl::StatusOr<Part> ParseAction(absl::string_view action);
  static absl::StatusOr<Part> ParseFormat(absl::string_view action);

  std::vector<Part> parts_;
};

}  // namespace ora::aggregator

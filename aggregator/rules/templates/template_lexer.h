// A template cut into texts and actions, and an action into words.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::aggregator {

// What is printed as it is, or what stands between `{{` and `}}`.
struct TemplatePiece {
  enum class Kind { kText, kAction };
  Kind kind = Kind::kText;
  std::string text;
};

// `{{-` and `-}}` have taken the blanks beside them away; comments are gone. INVALID_ARGUMENT: a
// `{{` that is not closed.
absl::StatusOr<std::vector<TemplatePiece>> CutTemplate(absl::string_view text);

struct TemplateWord {
  enum class Kind { kName, kVariable, kField, kDot, kText, kNumber, kMark, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // Without `$`, `.` and quotes. A mark is one of `|`, `(`, `)`, `,`, `=`, `:=`.
  double number = 0;
  bool spaced = false;  // A blank stands before it.
};

// The last word is kEnd. INVALID_ARGUMENT: a character that begins no word, a text not closed.
absl::StatusOr<std::vector<TemplateWord>> CutAction(absl::string_view action);

}  // namespace ora::aggregator

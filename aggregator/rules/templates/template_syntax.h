// The text of an annotation or label with actions in it, as Go's text/template has them and
// Prometheus uses them: `{{ $labels.x }}`, pipelines, if, with, range, variables, define, template,
// block.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::aggregator {

struct TemplatePipeline;

// One operand of a command, with the fields asked of it: `$labels.job`, `(query "up").Value`.
struct TemplateOperand {
  enum class Kind { kDot, kVariable, kText, kNumber, kBool, kNil, kFunction, kPipeline };
  Kind kind = Kind::kDot;
  std::string text;   // The variable's or function's name, or the text.
  double number = 0;  // Of kNumber; 0 or 1 of kBool.
  std::shared_ptr<const TemplatePipeline> pipeline;  // shared_ptr: templates are copied.
  std::vector<std::string> fields;
};

// A function and its arguments, or one operand alone.
struct TemplateCommand {
  std::vector<TemplateOperand> operands;
};

// Commands, each with the result of the one before as its last argument.
struct TemplatePipeline {
  std::vector<std::string> variables;  // `$x := ...`; for range `$i, $x := ...`.
  bool declares = false;               // `:=`, not `=`.
  std::vector<TemplateCommand> commands;
};

struct TemplateNode {
  enum class Kind { kText, kPrint, kIf, kWith, kRange, kTemplate };
  Kind kind = Kind::kText;
  std::string text;           // Of kText; the name of kTemplate.
  TemplatePipeline pipeline;  // Without commands for a kTemplate that is given nothing.
  std::vector<TemplateNode> body;
  std::vector<TemplateNode> otherwise;
};

// A text, and the templates that it defines for itself by their names.
struct ParsedTemplate {
  std::vector<TemplateNode> nodes;
  std::map<std::string, std::vector<TemplateNode>> definitions;
};

// Deeper nesting is refused.
inline constexpr size_t kTemplateDepthMax = 20;

// INVALID_ARGUMENT: an action that is not closed, an unknown function or variable, what has no
// place where it stands; the message quotes it. `variables` are those that are there from the
// start; within a template that is defined there is `$` alone, which is what it is given.
absl::StatusOr<ParsedTemplate> ParseTemplate(absl::string_view text,
                                             std::vector<std::string> variables);

}  // namespace ora::aggregator

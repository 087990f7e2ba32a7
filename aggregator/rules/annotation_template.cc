#include "aggregator/rules/annotation_template.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/rules/templates/template_functions.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kFilledBytesMax = 4096;
// A text that is made on the way may be longer than what is left of it in the end.
constexpr size_t kStepsMax = 10'000;

// Cuts at the start of a UTF-8 sequence.
void Cut(std::string& text) {
  if (text.size() <= kFilledBytesMax) return;
  size_t end = kFilledBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
}

struct Variable {
  std::string name;
  TemplateValue value;
};

// One filling of a template.
class TemplateRun {
 public:
  TemplateRun(const TemplateScope& scope, const ParsedTemplate& parsed)
      : scope_(scope), parsed_(parsed) {
    variables_ = {{"labels", scope.labels},
                  {"externalLabels", scope.external_labels},
                  {"externalURL", scope.external_url},
                  {"value", scope.value}};
  }

  // `dot`: what `.` is; nothing at the top, where its fields are the scope's.
  absl::Status Fill(const std::vector<TemplateNode>& nodes, const TemplateValue& dot,
                    std::string& out) {
    for (const TemplateNode& node : nodes) {
      if (++steps_ > kStepsMax) {
        return absl::ResourceExhaustedError(
            absl::StrCat("it takes more than ", kStepsMax, " steps"));
      }
      if (out.size() > kFilledBytesMax) return absl::OkStatus();
      if (node.kind == TemplateNode::Kind::kText) {
        absl::StrAppend(&out, node.text);
        continue;
      }
      const size_t known = variables_.size();
      ORA_ASSIGN_OR_RETURN(TemplateValue value, Evaluate(node.pipeline, dot));
      if (node.kind == TemplateNode::Kind::kTemplate) {
        ORA_RETURN_IF_ERROR(FillDefined(node.text, std::move(value), out));
        variables_.resize(known);
        continue;
      }
      if (node.kind == TemplateNode::Kind::kPrint) {
        if (node.pipeline.variables.empty()) absl::StrAppend(&out, PrintedText(value));
        continue;  // What it declares is known from here on.
      }
      ORA_RETURN_IF_ERROR(FillBranch(node, value, dot, out));
      variables_.resize(known);
    }
    return absl::OkStatus();
  }

 private:
  // What a definition is given is its `.` and its `$`; it sees no variables of others.
  absl::Status FillDefined(const std::string& name, TemplateValue given, std::string& out) {
    const auto defined = parsed_.definitions.find(name);
    if (defined == parsed_.definitions.end()) {
      return absl::InvalidArgumentError(absl::StrCat("template \"", name, "\" not defined"));
    }
    if (depth_ >= kTemplateDepthMax) {
      return absl::ResourceExhaustedError(absl::StrCat("template \"", name,
                                                       "\": templates use one another more than ",
                                                       kTemplateDepthMax, " deep"));
    }
    ++depth_;
    std::vector<Variable> outer;
    outer.swap(variables_);
    std::swap(root_, given);
    const absl::Status status = Fill(defined->second, TemplateValue(root_), out);
    std::swap(root_, given);
    outer.swap(variables_);
    --depth_;
    return status;
  }

  absl::Status FillBranch(const TemplateNode& node, const TemplateValue& value,
                          const TemplateValue& dot, std::string& out) {
    if (!IsTrue(value)) return Fill(node.otherwise, dot, out);
    if (node.kind == TemplateNode::Kind::kIf) return Fill(node.body, dot, out);
    if (node.kind == TemplateNode::Kind::kWith) return Fill(node.body, value, out);
    const auto* samples = std::get_if<std::vector<TemplateSample>>(&value);
    if (samples == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("range can't iterate over ", PrintedText(value)));
    }
    const std::vector<std::string>& names = node.pipeline.variables;
    for (size_t i = 0; i < samples->size(); ++i) {
      const size_t known = variables_.size();
      if (names.size() == 2) variables_.push_back({names[0], static_cast<double>(i)});
      if (!names.empty()) variables_.push_back({names.back(), (*samples)[i]});
      ORA_RETURN_IF_ERROR(Fill(node.body, (*samples)[i], out));
      variables_.resize(known);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<TemplateValue> Evaluate(const TemplatePipeline& pipeline,
                                         const TemplateValue& dot) {
    TemplateValue value;
    for (size_t i = 0; i < pipeline.commands.size(); ++i) {
      const TemplateCommand& command = pipeline.commands[i];
      const TemplateOperand& first = command.operands.front();
      if (first.kind != TemplateOperand::Kind::kFunction) {
        if (i > 0) return absl::InvalidArgumentError("a value stands behind a `|`");
        ORA_ASSIGN_OR_RETURN(value, ValueOf(first, dot));
        continue;
      }
      std::vector<TemplateValue> arguments;
      for (size_t k = 1; k < command.operands.size(); ++k) {
        ORA_ASSIGN_OR_RETURN(arguments.emplace_back(), ValueOf(command.operands[k], dot));
      }
      if (i > 0) arguments.push_back(std::move(value));
      ORA_ASSIGN_OR_RETURN(value, CallTemplateFunction(first.text, std::move(arguments), scope_));
    }
    if (pipeline.variables.size() == 1) Set(pipeline, value);
    return value;
  }

  void Set(const TemplatePipeline& pipeline, const TemplateValue& value) {
    const std::string& name = pipeline.variables.front();
    if (pipeline.declares) {
      variables_.push_back({name, value});
      return;
    }
    if (Variable* known = Find(name)) known->value = value;
  }

  // The variable of that name that was declared last.
  Variable* Find(absl::string_view name) {
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [name](const Variable& one) { return one.name == name; });
    return found == variables_.rend() ? nullptr : &*found;
  }

  absl::StatusOr<TemplateValue> ValueOf(const TemplateOperand& operand, const TemplateValue& dot) {
    TemplateValue value;
    bool is_scope = false;
    switch (operand.kind) {
      case TemplateOperand::Kind::kDot:
        value = dot;
        is_scope = std::holds_alternative<std::monostate>(dot);
        break;
      case TemplateOperand::Kind::kVariable: {
        if (operand.text.empty()) {
          value = root_;
          is_scope = std::holds_alternative<std::monostate>(root_);
          break;
        }
        const Variable* known = Find(operand.text);
        if (known == nullptr) {
          return absl::InvalidArgumentError(absl::StrCat("$", operand.text, " is not known here"));
        }
        value = known->value;
        break;
      }
      case TemplateOperand::Kind::kText:
        return operand.text;
      case TemplateOperand::Kind::kNumber:
        return operand.number;
      case TemplateOperand::Kind::kBool:
        return operand.number != 0;
      case TemplateOperand::Kind::kNil:
        return value;
      case TemplateOperand::Kind::kFunction:
        return CallTemplateFunction(operand.text, {}, scope_);
      case TemplateOperand::Kind::kPipeline: {
        ORA_ASSIGN_OR_RETURN(value, Evaluate(*operand.pipeline, dot));
        break;
      }
    }
    for (const std::string& field : operand.fields) {
      ORA_ASSIGN_OR_RETURN(value, is_scope ? ScopeField(field) : Field(value, field));
      is_scope = false;
    }
    return value;
  }

  absl::StatusOr<TemplateValue> ScopeField(const std::string& field) const {
    if (field == "Labels") return scope_.labels;
    if (field == "Value") return scope_.value;
    if (field == "ExternalLabels") return scope_.external_labels;
    if (field == "ExternalURL") return scope_.external_url;
    return absl::InvalidArgumentError(
        absl::StrCat("there is no .", field, "; there are .Labels and .Value"));
  }

  static absl::StatusOr<TemplateValue> Field(const TemplateValue& value, const std::string& field) {
    if (const auto* labels = std::get_if<storage::Labels>(&value)) {
      return std::string(labels->Get(field));
    }
    if (const auto* sample = std::get_if<TemplateSample>(&value)) {
      if (field == "Labels") return sample->labels;
      if (field == "Value") return sample->value;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("`", PrintedText(value).substr(0, 100), "` has no .", field));
  }

  const TemplateScope& scope_;
  const ParsedTemplate& parsed_;
  TemplateValue root_;  // What `$` is; nothing at the top, as `.`.
  std::vector<Variable> variables_;
  size_t depth_ = 0;
  size_t steps_ = 0;
};

}  // namespace

absl::StatusOr<AnnotationTemplate> AnnotationTemplate::Parse(absl::string_view text) {
  AnnotationTemplate parsed;
  ORA_ASSIGN_OR_RETURN(parsed.parsed_,
                       ParseTemplate(text, {"labels", "externalLabels", "externalURL", "value"}));
  return parsed;
}

std::string AnnotationTemplate::Fill(const TemplateScope& scope) const {
  std::string filled;
  const absl::Status status =
      TemplateRun(scope, parsed_).Fill(parsed_.nodes, TemplateValue(), filled);
  if (!status.ok()) filled = absl::StrCat("<error expanding template: ", status.message(), ">");
  Cut(filled);
  return filled;
}

std::string AnnotationTemplate::Fill(const storage::Labels& labels, double value) const {
  TemplateScope scope;
  scope.labels = labels;
  scope.value = value;
  return Fill(scope);
}

}  // namespace ora::aggregator

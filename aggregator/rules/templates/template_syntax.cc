#include "aggregator/rules/templates/template_syntax.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/rules/templates/template_functions.h"
#include "aggregator/rules/templates/template_lexer.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

using Word = TemplateWord;

// Reads the words of one action.
class ActionParser {
 public:
  // `variables` are known so far; those that the action declares are added.
  ActionParser(absl::string_view action, std::vector<Word> words,
               std::vector<std::string>& variables)
      : action_(action), words_(std::move(words)), variables_(variables) {}

  bool TakeName(absl::string_view name) {
    if (Next().kind != Word::Kind::kName || Next().text != name) return false;
    ++at_;
    return true;
  }
  absl::StatusOr<std::string> Text() {
    if (Next().kind != Word::Kind::kText) return Wrong("lacks a name in quotes");
    return words_[at_++].text;
  }
  bool AtEnd() const { return Next().kind == Word::Kind::kEnd; }
  absl::Status ExpectEnd() const {
    return AtEnd() ? absl::OkStatus() : Wrong("has more than it should");
  }

  absl::StatusOr<TemplatePipeline> Pipeline(size_t depth = 0) {
    if (depth > kTemplateDepthMax) return Wrong("is nested too deep");
    TemplatePipeline pipeline;
    ORA_RETURN_IF_ERROR(Declaration(pipeline));
    do {
      ORA_ASSIGN_OR_RETURN(TemplateCommand command, Command(depth));
      pipeline.commands.push_back(std::move(command));
    } while (TakeMark("|"));
    if (pipeline.declares) {
      variables_.insert(variables_.end(), pipeline.variables.begin(), pipeline.variables.end());
    }
    return pipeline;
  }

  absl::Status Wrong(absl::string_view what) const {
    constexpr size_t kQuotedBytesMax = 100;
    return absl::InvalidArgumentError(absl::StrCat(
        "`{{ ", action_.substr(0, kQuotedBytesMax), " }}` ", what,
        "; write such as {{ $labels.NAME }}, {{ $value }} or {{ $value | humanize }}"));
  }

 private:
  const Word& Next(size_t ahead = 0) const {
    return words_[std::min(at_ + ahead, words_.size() - 1)];
  }
  bool IsMark(size_t ahead, absl::string_view mark) const {
    return Next(ahead).kind == Word::Kind::kMark && Next(ahead).text == mark;
  }
  bool TakeMark(absl::string_view mark) {
    if (!IsMark(0, mark)) return false;
    ++at_;
    return true;
  }
  bool IsKnown(const std::string& variable) const {
    return variable.empty() ||
           std::find(variables_.begin(), variables_.end(), variable) != variables_.end();
  }

  // `$x :=`, `$x =`, `$i, $x :=`.
  absl::Status Declaration(TemplatePipeline& pipeline) {
    const bool two = Next().kind == Word::Kind::kVariable && IsMark(1, ",") &&
                     Next(2).kind == Word::Kind::kVariable;
    const size_t mark = two ? 3 : 1;
    if (Next().kind != Word::Kind::kVariable || (!IsMark(mark, ":=") && !IsMark(mark, "="))) {
      return absl::OkStatus();
    }
    pipeline.declares = IsMark(mark, ":=");
    pipeline.variables.push_back(Next().text);
    if (two) pipeline.variables.push_back(Next(2).text);
    for (const std::string& variable : pipeline.variables) {
      if (!pipeline.declares && !IsKnown(variable)) {
        return Wrong(absl::StrCat("sets $", variable, ", which is not declared"));
      }
    }
    at_ += mark + 1;
    return absl::OkStatus();
  }

  absl::StatusOr<TemplateCommand> Command(size_t depth) {
    TemplateCommand command;
    while (!AtEnd() && !IsMark(0, "|") && !IsMark(0, ")")) {
      ORA_ASSIGN_OR_RETURN(TemplateOperand operand, Operand(depth));
      command.operands.push_back(std::move(operand));
    }
    if (command.operands.empty()) return Wrong("lacks a value");
    const bool calls = command.operands.front().kind == TemplateOperand::Kind::kFunction;
    if (!calls && command.operands.size() > 1) return Wrong("gives arguments to what takes none");
    return command;
  }

  absl::StatusOr<TemplateOperand> Operand(size_t depth) {
    TemplateOperand operand;
    const Word& word = Next();
    ++at_;
    switch (word.kind) {
      case Word::Kind::kDot:
        return operand;
      case Word::Kind::kField:
        operand.fields.push_back(word.text);
        break;
      case Word::Kind::kVariable:
        operand.kind = TemplateOperand::Kind::kVariable;
        operand.text = word.text;
        if (!IsKnown(word.text)) return Wrong(absl::StrCat("names $", word.text, ", unknown"));
        break;
      case Word::Kind::kText:
        operand.kind = TemplateOperand::Kind::kText;
        operand.text = word.text;
        return operand;
      case Word::Kind::kNumber:
        operand.kind = TemplateOperand::Kind::kNumber;
        operand.number = word.number;
        return operand;
      case Word::Kind::kName:
        return Named(word.text);
      case Word::Kind::kMark:
      case Word::Kind::kEnd: {
        if (word.text != "(") return Wrong(absl::StrCat("has `", word.text, "` in a wrong place"));
        ORA_ASSIGN_OR_RETURN(TemplatePipeline inner, Pipeline(depth + 1));
        if (!TakeMark(")")) return Wrong("lacks a `)`");
        operand.kind = TemplateOperand::Kind::kPipeline;
        operand.pipeline = std::make_shared<const TemplatePipeline>(std::move(inner));
        break;
      }
    }
    while (Next().kind == Word::Kind::kField && !Next().spaced) {
      operand.fields.push_back(Next().text);
      ++at_;
    }
    return operand;
  }

  absl::StatusOr<TemplateOperand> Named(const std::string& name) {
    TemplateOperand operand;
    operand.text = name;
    if (name == "true" || name == "false") {
      operand.kind = TemplateOperand::Kind::kBool;
      operand.number = name == "true" ? 1 : 0;
    } else if (name == "nil") {
      operand.kind = TemplateOperand::Kind::kNil;
    } else if (IsTemplateFunction(name)) {
      operand.kind = TemplateOperand::Kind::kFunction;
    } else {
      return Wrong(absl::StrCat("calls `", name, "`, which is no function"));
    }
    return operand;
  }

  const absl::string_view action_;
  const std::vector<Word> words_;
  std::vector<std::string>& variables_;
  size_t at_ = 0;
};

class TemplateParser {
 public:
  TemplateParser(std::vector<TemplatePiece> pieces, std::vector<std::string> variables)
      : pieces_(std::move(pieces)), variables_(std::move(variables)) {}

  absl::StatusOr<ParsedTemplate> Whole() {
    ORA_ASSIGN_OR_RETURN(const std::string end, List(parsed_.nodes, 0));
    if (end.empty()) return std::move(parsed_);
    return absl::InvalidArgumentError(
        absl::StrCat("`{{ ", end, " }}` ends nothing; write {{ if ... }} before it"));
  }

 private:
  // Reads nodes up to an `end` or `else`, whose action it returns, or to the end of all: empty.
  absl::StatusOr<std::string> List(std::vector<TemplateNode>& nodes, size_t depth) {
    if (depth > kTemplateDepthMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("actions are nested more than ", kTemplateDepthMax, " deep"));
    }
    const size_t known = variables_.size();
    while (at_ < pieces_.size()) {
      const TemplatePiece& piece = pieces_[at_++];
      if (piece.kind == TemplatePiece::Kind::kText) {
        TemplateNode& text = nodes.emplace_back();
        text.text = piece.text;
        continue;
      }
      ORA_ASSIGN_OR_RETURN(std::vector<Word> words, CutAction(piece.text));
      const Word& first = words.front();
      if (first.kind == Word::Kind::kName && (first.text == "end" || first.text == "else")) {
        variables_.resize(known);
        return piece.text;
      }
      ActionParser parser(piece.text, std::move(words), variables_);
      ORA_ASSIGN_OR_RETURN(TemplateNode node, Action(parser, depth));
      nodes.push_back(std::move(node));
    }
    variables_.resize(std::min(known, variables_.size()));
    return std::string();
  }

  absl::StatusOr<TemplateNode> Action(ActionParser& parser, size_t depth) {
    TemplateNode node;
    if (parser.TakeName("define")) return Define(parser, depth);
    if (parser.TakeName("template")) return Use(parser);
    if (parser.TakeName("block")) return Block(parser, depth);
    node.kind = TemplateNode::Kind::kPrint;
    if (parser.TakeName("if"))
      node.kind = TemplateNode::Kind::kIf;
    else if (parser.TakeName("with"))
      node.kind = TemplateNode::Kind::kWith;
    else if (parser.TakeName("range"))
      node.kind = TemplateNode::Kind::kRange;
    const size_t known = variables_.size();
    ORA_ASSIGN_OR_RETURN(node.pipeline, parser.Pipeline());
    ORA_RETURN_IF_ERROR(parser.ExpectEnd());
    if (node.kind == TemplateNode::Kind::kPrint) return node;
    ORA_RETURN_IF_ERROR(Branches(node, depth));
    variables_.resize(known);
    return node;
  }

  // A definition leaves nothing where it stands.
  absl::StatusOr<TemplateNode> Define(ActionParser& parser, size_t depth) {
    if (depth > 0) return parser.Wrong("stands within another action; a definition may not");
    ORA_ASSIGN_OR_RETURN(const std::string name, parser.Text());
    ORA_RETURN_IF_ERROR(parser.ExpectEnd());
    ORA_RETURN_IF_ERROR(Definition(name, depth));
    return TemplateNode();
  }

  absl::StatusOr<TemplateNode> Use(ActionParser& parser) {
    TemplateNode node;
    node.kind = TemplateNode::Kind::kTemplate;
    ORA_ASSIGN_OR_RETURN(node.text, parser.Text());
    if (parser.AtEnd()) return node;
    ORA_ASSIGN_OR_RETURN(node.pipeline, parser.Pipeline());
    ORA_RETURN_IF_ERROR(parser.ExpectEnd());
    return node;
  }

  // A definition and its use in one.
  absl::StatusOr<TemplateNode> Block(ActionParser& parser, size_t depth) {
    ORA_ASSIGN_OR_RETURN(TemplateNode node, Use(parser));
    if (node.pipeline.commands.empty()) return parser.Wrong("lacks a value");
    ORA_RETURN_IF_ERROR(Definition(node.text, depth));
    return node;
  }

  absl::Status Definition(const std::string& name, size_t depth) {
    std::vector<std::string> outer;
    outer.swap(variables_);
    std::vector<TemplateNode> body;
    ORA_ASSIGN_OR_RETURN(const std::string end, List(body, depth + 1));
    outer.swap(variables_);
    if (end != "end") {
      return absl::InvalidArgumentError(
          absl::StrCat("the template \"", name, "\" lacks its {{ end }}"));
    }
    parsed_.definitions[name] = std::move(body);
    return absl::OkStatus();
  }

  absl::Status Branches(TemplateNode& node, size_t depth) {
    ORA_ASSIGN_OR_RETURN(const std::string end, List(node.body, depth + 1));
    if (end.empty()) return absl::InvalidArgumentError("an action lacks its {{ end }}");
    ORA_ASSIGN_OR_RETURN(std::vector<Word> words, CutAction(end));
    ActionParser parser(end, std::move(words), variables_);
    if (parser.TakeName("end")) return parser.ExpectEnd();
    parser.TakeName("else");
    if (!parser.AtEnd()) {  // `else if`: an action of its own, with this one's end.
      ORA_ASSIGN_OR_RETURN(TemplateNode inner, Action(parser, depth + 1));
      if (inner.kind == TemplateNode::Kind::kPrint) return parser.Wrong("has no place here");
      node.otherwise.push_back(std::move(inner));
      return absl::OkStatus();
    }
    ORA_ASSIGN_OR_RETURN(const std::string last, List(node.otherwise, depth + 1));
    if (last == "end") return absl::OkStatus();
    return absl::InvalidArgumentError("an {{ else }} lacks its {{ end }}");
  }

  const std::vector<TemplatePiece> pieces_;
  std::vector<std::string> variables_;
  size_t at_ = 0;
  ParsedTemplate parsed_;
};

}  // namespace

absl::StatusOr<ParsedTemplate> ParseTemplate(absl::string_view text,
                                             std::vector<std::string> variables) {
  ORA_ASSIGN_OR_RETURN(std::vector<TemplatePiece> pieces, CutTemplate(text));
  return TemplateParser(std::move(pieces), std::move(variables)).Whole();
}

}  // namespace ora::aggregator

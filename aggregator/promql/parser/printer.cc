#include "aggregator/promql/parser/printer.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "aggregator/promql/parser/literals.h"

namespace ora::promql {
namespace {

std::string LabelName(absl::string_view name) {
  return IsPlainLabelName(name) ? std::string(name) : Quote(name);
}

std::string LabelList(const std::vector<std::string>& names) {
  return absl::StrJoin(names, ", ", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, LabelName(name));
  });
}

std::string PrintNode(const NumberLiteral& number) {
  if (!number.is_duration) return FormatNumber(number.value);
  if (number.value == 0 && std::signbit(number.value)) return "-0s";
  return FormatDurationMillis(std::llround(number.value * 1000));
}

std::string PrintNode(const StringLiteral& string) { return Quote(string.value); }

absl::string_view MatchSign(storage::MatchType type) {
  switch (type) {
    case storage::MatchType::kEqual:
      return "=";
    case storage::MatchType::kNotEqual:
      return "!=";
    case storage::MatchType::kRegex:
      return "=~";
    case storage::MatchType::kNotRegex:
      return "!~";
  }
  return "=";
}

std::string PrintMatchers(const VectorSelector& selector) {
  const bool plain = IsPlainMetricName(selector.name) && !IsReservedWord(selector.name);
  std::vector<std::string> parts;
  if (!selector.name.empty() && !plain) parts.push_back(Quote(selector.name));
  // The name outside of the matchers is the last of them.
  const size_t count = selector.matchers.size() - (selector.name.empty() ? 0 : 1);
  for (size_t i = 0; i < count; ++i) {
    const storage::Matcher& matcher = selector.matchers[i];
    parts.push_back(
        absl::StrCat(LabelName(matcher.name()), MatchSign(matcher.type()), Quote(matcher.value())));
  }
  const std::string name = plain ? selector.name : "";
  if (parts.empty() && plain) return name;
  return absl::StrCat(name, "{", absl::StrJoin(parts, ","), "}");
}

std::string PrintShift(const TimeShift& shift) {
  std::string text;
  if (shift.at) {
    switch (shift.at->kind) {
      case AtTime::Kind::kStart:
        text += " @ start()";
        break;
      case AtTime::Kind::kEnd:
        text += " @ end()";
        break;
      case AtTime::Kind::kTime: {
        const int64_t millis = shift.at->time_millis;
        const uint64_t size = millis < 0 ? -static_cast<uint64_t>(millis) : millis;
        text += absl::StrFormat(" @ %s%d.%03d", millis < 0 ? "-" : "", size / 1000, size % 1000);
        break;
      }
    }
  }
  if (shift.offset_millis != 0) {
    absl::StrAppend(&text, " offset ", FormatDurationMillis(shift.offset_millis));
  }
  return text;
}

std::string PrintNode(const VectorSelector& selector) {
  return PrintMatchers(selector) + PrintShift(selector.shift);
}

std::string PrintNode(const RangeSelector& range) {
  return absl::StrCat(PrintMatchers(range.selector), "[", FormatDurationMillis(range.range_millis),
                      "]", PrintShift(range.selector.shift));
}

std::string PrintNode(const Subquery& subquery) {
  return absl::StrCat(Print(*subquery.inner), "[", FormatDurationMillis(subquery.range_millis), ":",
                      subquery.step_millis == 0 ? "" : FormatDurationMillis(subquery.step_millis),
                      "]", PrintShift(subquery.shift));
}

std::string PrintNode(const Parenthesis& parenthesis) {
  return absl::StrCat("(", Print(*parenthesis.inner), ")");
}

std::string PrintNode(const Unary& unary) {
  return absl::StrCat(unary.op == UnaryOperator::kMinus ? "-" : "+", Print(*unary.operand));
}

std::string PrintMatching(const Binary& binary) {
  const VectorMatching& matching = binary.matching;
  std::string text;
  const bool grouped = matching.cardinality == Cardinality::kManyToOne ||
                       matching.cardinality == Cardinality::kOneToMany;
  const bool on = matching.match_on == MatchOn::kOn;
  if (on || grouped || !matching.labels.empty()) {
    absl::StrAppend(&text, on ? " on (" : " ignoring (", LabelList(matching.labels), ")");
  }
  if (grouped) {
    absl::StrAppend(
        &text, matching.cardinality == Cardinality::kManyToOne ? " group_left (" : " group_right (",
        LabelList(matching.include), ")");
  }
  return text;
}

std::string PrintNode(const Binary& binary) {
  return absl::StrCat(Print(*binary.left), " ", Text(binary.op), binary.return_bool ? " bool" : "",
                      PrintMatching(binary), " ", Print(*binary.right));
}

std::string PrintNode(const Aggregate& aggregate) {
  std::string text(Text(aggregate.op));
  if (aggregate.grouping == Grouping::kWithout) {
    absl::StrAppend(&text, " without (", LabelList(aggregate.labels), ") ");
  } else if (!aggregate.labels.empty()) {
    absl::StrAppend(&text, " by (", LabelList(aggregate.labels), ") ");
  }
  absl::StrAppend(&text, "(");
  if (aggregate.parameter != nullptr) absl::StrAppend(&text, Print(*aggregate.parameter), ", ");
  return absl::StrCat(text, Print(*aggregate.operand), ")");
}

std::string PrintNode(const Call& call) {
  return absl::StrCat(call.function->name, "(",
                      absl::StrJoin(call.arguments, ", ",
                                    [](std::string* out, const ExprPtr& argument) {
                                      absl::StrAppend(out, Print(*argument));
                                    }),
                      ")");
}

}  // namespace

std::string Print(const Expr& expr) {
  return std::visit([](const auto& node) { return PrintNode(node); }, expr.node);
}

}  // namespace ora::promql

#include "aggregator/rules/templates/template_printf.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr int kWidthMax = 100;

struct Verb {
  bool left = false;
  bool zeros = false;
  bool plus = false;
  int width = 0;
  int precision = -1;
  char letter = 'v';
};

absl::Status BadVerb(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("printf: `", text.substr(0, 20),
                                                 "` is no verb that is known; write %s or %.2f"));
}

// The digits at the front of `rest`; `none` where there are none.
absl::StatusOr<int> TakeNumber(absl::string_view& rest, int none) {
  size_t size = 0;
  while (size < rest.size() && absl::ascii_isdigit(rest[size])) ++size;
  int number = none;
  if (size > 0 && (!absl::SimpleAtoi(rest.substr(0, size), &number) || number > kWidthMax)) {
    return BadVerb(rest);
  }
  rest.remove_prefix(size);
  return number;
}

// What stands behind the `%` that `rest` follows.
absl::StatusOr<Verb> TakeVerb(absl::string_view& rest) {
  Verb verb;
  for (; !rest.empty(); rest.remove_prefix(1)) {
    if (rest[0] == '-')
      verb.left = true;
    else if (rest[0] == '0')
      verb.zeros = true;
    else if (rest[0] == '+')
      verb.plus = true;
    else if (rest[0] != ' ' && rest[0] != '#')
      break;
  }
  ORA_ASSIGN_OR_RETURN(verb.width, TakeNumber(rest, 0));
  if (!rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    ORA_ASSIGN_OR_RETURN(verb.precision, TakeNumber(rest, 0));
  }
  if (rest.empty()) return BadVerb("%");
  verb.letter = rest[0];
  rest.remove_prefix(1);
  return verb;
}

std::string Number(const Verb& verb, double value) {
  if (!std::isfinite(value)) return GoNumber(value);
  constexpr int kPrecisionDefault = 6;
  const int precision = verb.precision < 0 ? kPrecisionDefault : verb.precision;
  std::string text;
  switch (verb.letter) {
    case 'f':
    case 'F':
      text = absl::StrFormat("%.*f", precision, value);
      break;
    case 'e':
      text = absl::StrFormat("%.*e", precision, value);
      break;
    case 'g':
      text = verb.precision < 0 ? GoNumber(value) : absl::StrFormat("%.*g", precision, value);
      break;
    case 'd':
      text = absl::StrFormat("%.0f", std::trunc(value));
      break;
    default:
      text = GoNumber(value);
  }
  if (verb.plus && value >= 0) text.insert(0, "+");
  return text;
}

absl::StatusOr<std::string> Formatted(const Verb& verb, const TemplateValue& value) {
  const auto* number = std::get_if<double>(&value);
  switch (verb.letter) {
    case 'v':
    case 's':
    case 't':
      return PrintedText(value).substr(0, verb.precision < 0 || number != nullptr
                                              ? std::string::npos
                                              : static_cast<size_t>(verb.precision));
    case 'q':
      return promql::Quote(PrintedText(value));
    case 'x':
      if (number == nullptr || std::fabs(*number) > 1e15) break;
      return absl::StrCat(absl::Hex(static_cast<int64_t>(*number)));
    case 'd':
    case 'e':
    case 'f':
    case 'F':
    case 'g':
      if (number != nullptr) return Number(verb, *number);
      // As Go tells a text where a number belongs.
      return absl::StrCat("%!", std::string(1, verb.letter), "(string=", PrintedText(value), ")");
    default:
      break;
  }
  return BadVerb(absl::StrCat("%", std::string(1, verb.letter)));
}

std::string Padded(const Verb& verb, std::string text) {
  const auto width = static_cast<size_t>(verb.width);
  if (text.size() >= width) return text;
  if (verb.left) return text + std::string(width - text.size(), ' ');
  const size_t sign = verb.zeros && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  text.insert(sign, width - text.size(), verb.zeros ? '0' : ' ');
  return text;
}

}  // namespace

absl::StatusOr<std::string> FormatTemplateText(absl::string_view format,
                                               const std::vector<TemplateValue>& arguments) {
  std::string text;
  size_t next = 0;
  while (!format.empty()) {
    const size_t percent = format.find('%');
    absl::StrAppend(&text, format.substr(0, percent));
    if (percent == absl::string_view::npos) break;
    format.remove_prefix(percent + 1);
    ORA_ASSIGN_OR_RETURN(const Verb verb, TakeVerb(format));
    if (verb.letter == '%') {
      text += '%';
      continue;
    }
    if (next == arguments.size()) {
      return absl::InvalidArgumentError("printf: there are more verbs than arguments");
    }
    ORA_ASSIGN_OR_RETURN(std::string formatted, Formatted(verb, arguments[next++]));
    text += Padded(verb, std::move(formatted));
  }
  if (next != arguments.size()) {
    return absl::InvalidArgumentError("printf: there are fewer verbs than arguments");
  }
  return text;
}

}  // namespace ora::aggregator

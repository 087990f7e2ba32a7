#include "aggregator/rules/templates/template_functions.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "aggregator/promql/parser/literals.h"
#include "aggregator/rules/templates/template_printf.h"
#include "aggregator/rules/value_text.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

using Arguments = std::vector<TemplateValue>;
using Samples = std::vector<TemplateSample>;
using Result = absl::StatusOr<TemplateValue>;

constexpr size_t kUnbounded = 100;

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<double> NumberOf(const TemplateValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  double number = 0;
  const auto* text = std::get_if<std::string>(&value);
  if (text != nullptr && absl::SimpleAtod(*text, &number)) return number;
  return Wrong(absl::StrCat("`", PrintedText(value), "` is no number"));
}

absl::StatusOr<Samples> SamplesOf(const TemplateValue& value) {
  if (const auto* samples = std::get_if<Samples>(&value)) return *samples;
  return Wrong("the argument is no query's answer");
}

absl::StatusOr<TemplateSample> SampleOf(const TemplateValue& value) {
  if (const auto* sample = std::get_if<TemplateSample>(&value)) return *sample;
  return Wrong("the argument is no sample; take `first` of the answer");
}

template <std::string (*Format)(double)>
Result Formatted(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(const double number, NumberOf(arguments[0]));
  return Format(number);
}

std::string TimestampText(double seconds) {
  if (!std::isfinite(seconds)) return PlainNumber(seconds);
  const absl::Time time = absl::UnixEpoch() + absl::Seconds(seconds);
  return absl::FormatTime("%Y-%m-%d %H:%M:%E*S +0000 UTC", time, absl::UTCTimeZone());
}

Result Query(const Arguments& arguments, const TemplateScope& scope) {
  if (!scope.query) return Wrong("query: nothing can be asked here");
  ORA_ASSIGN_OR_RETURN(Samples samples, scope.query(PrintedText(arguments[0])));
  return samples;
}

Result First(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(Samples samples, SamplesOf(arguments[0]));
  if (samples.empty()) return Wrong("first() called on vector with no elements");
  return std::move(samples.front());
}

Result Value(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(const TemplateSample sample, SampleOf(arguments[0]));
  return sample.value;
}

Result Label(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(const TemplateSample sample, SampleOf(arguments[1]));
  return std::string(sample.labels.Get(PrintedText(arguments[0])));
}

Result StringValue(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(const TemplateSample sample, SampleOf(arguments[0]));
  return std::string(sample.labels.Get("__value__"));
}

Result SortByLabel(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(Samples samples, SamplesOf(arguments[1]));
  const std::string label = PrintedText(arguments[0]);
  std::stable_sort(samples.begin(), samples.end(), [&label](const auto& a, const auto& b) {
    return a.labels.Get(label) < b.labels.Get(label);
  });
  return samples;
}

Result Match(const Arguments& arguments, const TemplateScope&) {
  const re2::RE2 pattern(PrintedText(arguments[0]), re2::RE2::Quiet);
  if (!pattern.ok()) return Wrong(absl::StrCat("match: ", pattern.error()));
  return re2::RE2::PartialMatch(PrintedText(arguments[1]), pattern);
}

Result ReplaceAll(const Arguments& arguments, const TemplateScope&) {
  const re2::RE2 pattern(PrintedText(arguments[0]), re2::RE2::Quiet);
  if (!pattern.ok()) return Wrong(absl::StrCat("reReplaceAll: ", pattern.error()));
  std::string rewrite = PrintedText(arguments[1]);
  // Go names groups `$1` or `${1}`, RE2 `\1`.
  re2::RE2::GlobalReplace(&rewrite, R"(\\)", R"(\\\\)");
  re2::RE2::GlobalReplace(&rewrite, R"(\$\{?([0-9])\}?)", R"(\\\1)");
  std::string text = PrintedText(arguments[2]);
  re2::RE2::GlobalReplace(&text, pattern, rewrite);
  return text;
}

Result Title(const Arguments& arguments, const TemplateScope&) {
  std::string text = PrintedText(arguments[0]);
  bool begins = true;
  for (char& c : text) {
    if (begins) c = absl::ascii_toupper(c);
    begins = absl::ascii_isspace(c);
  }
  return text;
}

Result Upper(const Arguments& arguments, const TemplateScope&) {
  return absl::AsciiStrToUpper(PrintedText(arguments[0]));
}

Result Lower(const Arguments& arguments, const TemplateScope&) {
  return absl::AsciiStrToLower(PrintedText(arguments[0]));
}

Result StripPort(const Arguments& arguments, const TemplateScope&) {
  const std::string text = PrintedText(arguments[0]);
  const size_t colon = text.rfind(':');
  const bool is_ipv6 = !text.empty() && text[0] == '[';
  if (is_ipv6) return text.substr(1, text.find(']') - 1);
  return colon == std::string::npos || text.find(':') != colon ? text : text.substr(0, colon);
}

Result StripDomain(const Arguments& arguments, const TemplateScope&) {
  const std::string text = PrintedText(arguments[0]);
  const size_t colon = text.rfind(':');
  const std::string host = text.substr(0, colon);
  if (host.find_first_not_of("0123456789.") == std::string::npos) return text;
  const std::string port = colon == std::string::npos ? "" : text.substr(colon);
  return host.substr(0, host.find('.')) + port;
}

Result Identity(const Arguments& arguments, const TemplateScope&) { return arguments[0]; }

Result ParseDuration(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(const int64_t millis,
                       promql::ParseDurationMillis(PrintedText(arguments[0])));
  return static_cast<double>(millis) / 1'000;
}

Result Now(const Arguments&, const TemplateScope& scope) { return scope.now_seconds; }

Result ExternalUrl(const Arguments&, const TemplateScope& scope) { return scope.external_url; }

Result PathPrefix(const Arguments&, const TemplateScope& scope) {
  const size_t scheme = scope.external_url.find("://");
  const size_t path = scope.external_url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return path == std::string::npos ? std::string() : scope.external_url.substr(path);
}

template <char Tab>
Result GraphLink(const Arguments& arguments, const TemplateScope&) {
  std::string escaped;
  for (const char c : PrintedText(arguments[0])) {
    if (absl::ascii_isalnum(c) || absl::StrContains("-_.~", std::string(1, c))) {
      escaped += c;
    } else {
      absl::StrAppend(&escaped, "%",
                      absl::AsciiStrToUpper(
                          absl::StrCat(absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2))));
    }
  }
  return absl::StrCat("/graph?g0.expr=", escaped, "&g0.tab=", std::string(1, Tab));
}

Result Printf(const Arguments& arguments, const TemplateScope&) {
  return FormatTemplateText(PrintedText(arguments[0]), {arguments.begin() + 1, arguments.end()});
}

Result Print(const Arguments& arguments, const TemplateScope&) {
  std::string text;
  for (const TemplateValue& argument : arguments) text += PrintedText(argument);
  return text;
}

Result Println(const Arguments& arguments, const TemplateScope&) {
  std::string text;
  for (const TemplateValue& argument : arguments) {
    absl::StrAppend(&text, text.empty() ? "" : " ", PrintedText(argument));
  }
  return text + "\n";
}

Result Len(const Arguments& arguments, const TemplateScope&) {
  if (const auto* text = std::get_if<std::string>(&arguments[0])) {
    return static_cast<double>(text->size());
  }
  if (const auto* labels = std::get_if<storage::Labels>(&arguments[0])) {
    return static_cast<double>(labels->size());
  }
  ORA_ASSIGN_OR_RETURN(const Samples samples, SamplesOf(arguments[0]));
  return static_cast<double>(samples.size());
}

Result Index(const Arguments& arguments, const TemplateScope&) {
  if (const auto* labels = std::get_if<storage::Labels>(&arguments[0])) {
    return std::string(labels->Get(PrintedText(arguments[1])));
  }
  ORA_ASSIGN_OR_RETURN(const Samples samples, SamplesOf(arguments[0]));
  ORA_ASSIGN_OR_RETURN(const double at, NumberOf(arguments[1]));
  if (!(at >= 0 && at < static_cast<double>(samples.size()))) {
    return Wrong(absl::StrCat("index: ", GoNumber(at), " of ", samples.size()));
  }
  return samples[static_cast<size_t>(at)];
}

Result Not(const Arguments& arguments, const TemplateScope&) { return !IsTrue(arguments[0]); }

Result And(const Arguments& arguments, const TemplateScope&) {
  for (const TemplateValue& argument : arguments) {
    if (!IsTrue(argument)) return argument;
  }
  return arguments.back();
}

Result Or(const Arguments& arguments, const TemplateScope&) {
  for (const TemplateValue& argument : arguments) {
    if (IsTrue(argument)) return argument;
  }
  return arguments.back();
}

enum class Order { kLess, kEqual, kGreater, kNone };

absl::StatusOr<Order> Compare(const TemplateValue& a, const TemplateValue& b) {
  const auto* first = std::get_if<double>(&a);
  const auto* second = std::get_if<double>(&b);
  if (first != nullptr && second != nullptr) {
    if (std::isnan(*first) || std::isnan(*second)) return Order::kNone;
    return *first < *second ? Order::kLess : *first > *second ? Order::kGreater : Order::kEqual;
  }
  if (a.index() != b.index()) {
    return Wrong(absl::StrCat("incompatible types for comparison: `", PrintedText(a), "` and `",
                              PrintedText(b), "`"));
  }
  const int order = PrintedText(a).compare(PrintedText(b));
  return order < 0 ? Order::kLess : order > 0 ? Order::kGreater : Order::kEqual;
}

template <Order... Wanted>
Result Compared(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(const Order order, Compare(arguments[0], arguments[1]));
  return ((order == Wanted) || ...);
}

Result Unequal(const Arguments& arguments, const TemplateScope&) {
  ORA_ASSIGN_OR_RETURN(const Order order, Compare(arguments[0], arguments[1]));
  return order != Order::kEqual;
}

struct Function {
  absl::string_view name;
  size_t arguments_min;
  size_t arguments_max;
  Result (*call)(const Arguments&, const TemplateScope&);
};

constexpr Function kFunctions[] = {
    {"and", 1, kUnbounded, And},
    {"eq", 2, 2, Compared<Order::kEqual>},
    {"externalURL", 0, 0, ExternalUrl},
    {"first", 1, 1, First},
    {"ge", 2, 2, Compared<Order::kGreater, Order::kEqual>},
    {"graphLink", 1, 1, GraphLink<'0'>},
    {"gt", 2, 2, Compared<Order::kGreater>},
    {"humanize", 1, 1, Formatted<Humanize>},
    {"humanize1024", 1, 1, Formatted<Humanize1024>},
    {"humanizeDuration", 1, 1, Formatted<HumanizeDuration>},
    {"humanizePercentage", 1, 1, Formatted<HumanizePercentage>},
    {"humanizeTimestamp", 1, 1, Formatted<TimestampText>},
    {"index", 2, 2, Index},
    {"label", 2, 2, Label},
    {"le", 2, 2, Compared<Order::kLess, Order::kEqual>},
    {"len", 1, 1, Len},
    {"lt", 2, 2, Compared<Order::kLess>},
    {"match", 2, 2, Match},
    {"ne", 2, 2, Unequal},
    {"not", 1, 1, Not},
    {"now", 0, 0, Now},
    {"or", 1, kUnbounded, Or},
    {"parseDuration", 1, 1, ParseDuration},
    {"pathPrefix", 0, 0, PathPrefix},
    {"print", 0, kUnbounded, Print},
    {"printf", 1, kUnbounded, Printf},
    {"println", 0, kUnbounded, Println},
    {"query", 1, 1, Query},
    {"reReplaceAll", 3, 3, ReplaceAll},
    {"safeHtml", 1, 1, Identity},
    {"sortByLabel", 2, 2, SortByLabel},
    {"stripDomain", 1, 1, StripDomain},
    {"stripPort", 1, 1, StripPort},
    {"strvalue", 1, 1, StringValue},
    {"tableLink", 1, 1, GraphLink<'1'>},
    {"title", 1, 1, Title},
    {"toLower", 1, 1, Lower},
    {"toUpper", 1, 1, Upper},
    {"value", 1, 1, Value},
};

const Function* Find(absl::string_view name) {
  const auto* found =
      std::find_if(std::begin(kFunctions), std::end(kFunctions),
                   [name](const Function& function) { return function.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace

bool IsTemplateFunction(absl::string_view name) { return Find(name) != nullptr; }

absl::StatusOr<TemplateValue> CallTemplateFunction(absl::string_view name,
                                                   std::vector<TemplateValue> arguments,
                                                   const TemplateScope& scope) {
  const Function* function = Find(name);
  if (function == nullptr) return Wrong(absl::StrCat("function `", name, "` is not known"));
  if (arguments.size() < function->arguments_min || arguments.size() > function->arguments_max) {
    return Wrong(absl::StrCat("function ", name, " has ", arguments.size(), " arguments; give ",
                              function->arguments_min));
  }
  return function->call(arguments, scope);
}

}  // namespace ora::aggregator

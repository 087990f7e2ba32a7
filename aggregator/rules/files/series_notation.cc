#include "aggregator/rules/files/series_notation.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "aggregator/promql/engine.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"
#include "storage/sample.h"

namespace ora::aggregator {
namespace {

using Samples = std::vector<absl::optional<double>>;

absl::Status Wrong(absl::string_view word) {
  return absl::InvalidArgumentError(absl::StrCat(
      "`", word.substr(0, 60), "` is no sample; write such as 1, 1x5, 0+10x60, _ or stale"));
}

absl::StatusOr<double> NumberOf(absl::string_view text) {
  const bool is_signed = !text.empty() && (text[0] == '-' || text[0] == '+');
  const bool is_minus = is_signed && text[0] == '-';
  const absl::StatusOr<double> number = promql::ParseNumber(text.substr(is_signed ? 1 : 0));
  if (!number.ok()) return Wrong(text);
  return is_minus ? -*number : *number;
}

// Where the step of `V+D` begins: a sign that neither begins the text nor follows an exponent's e.
size_t StepBegin(absl::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '+' || text[i] == '-') && absl::ascii_tolower(text[i - 1]) != 'e') return i;
  }
  return absl::string_view::npos;
}

absl::Status AddWord(absl::string_view word, Samples& samples) {
  absl::string_view what = word;
  size_t times = 0;
  const size_t x = word.rfind('x');
  const bool repeats = x != absl::string_view::npos && x > 0;
  if (repeats) {
    if (!absl::SimpleAtoi(word.substr(x + 1), &times) || times > kNotedSamplesMax) {
      return Wrong(word);
    }
    what = word.substr(0, x);
  }
  if (samples.size() + times + 1 > kNotedSamplesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are more than ", kNotedSamplesMax, " samples"));
  }
  if (what == "_") {
    samples.resize(samples.size() + (repeats ? times : 1));
    return absl::OkStatus();
  }
  if (what == "stale") {
    samples.insert(samples.end(), times + 1, storage::StaleMarker());
    return absl::OkStatus();
  }
  const size_t step_begin = StepBegin(what);
  double step = 0;
  ORA_ASSIGN_OR_RETURN(const double first, NumberOf(what.substr(0, step_begin)));
  if (step_begin != absl::string_view::npos) {
    if (!repeats) return Wrong(word);
    ORA_ASSIGN_OR_RETURN(step, NumberOf(what.substr(step_begin)));
  }
  double value = first;
  for (size_t i = 0; i <= times; ++i) {
    samples.push_back(value);
    value += step;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Samples> ParseSamples(absl::string_view text) {
  Samples samples;
  for (const absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    ORA_RETURN_IF_ERROR(AddWord(word, samples));
  }
  return samples;
}

absl::StatusOr<storage::Labels> ParseSeries(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  std::vector<storage::Label> labels;
  if (text == "{}") return storage::Labels();
  ORA_ASSIGN_OR_RETURN(const std::vector<storage::Matcher> matchers, promql::ParseSelector(text));
  for (const storage::Matcher& matcher : matchers) {
    if (matcher.type() != storage::MatchType::kEqual) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", text, "` is no series; every label is written with ="));
    }
    labels.push_back({matcher.name(), matcher.value()});
  }
  return storage::Labels(std::move(labels));
}

}  // namespace ora::aggregator

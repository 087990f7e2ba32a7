#include "tests/promql/series_line.h"

#include <re2/re2.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "aggregator/promql/parser/lexer.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"
#include "storage/sample.h"

namespace ora::promql {
namespace {

absl::Status NoSeries(absl::string_view line) {
  return absl::InvalidArgumentError(absl::StrCat("no line of a series: ", line));
}

struct MetricPart {
  std::vector<storage::Label> labels;
  size_t end = 0;  // Where the values begin.
};

absl::StatusOr<MetricPart> ParseMetric(absl::string_view line) {
  const std::vector<Token> tokens = Tokenize(line);
  MetricPart metric;
  size_t next = 0;
  if (tokens[0].kind == TokenKind::kIdentifier || tokens[0].kind == TokenKind::kMetricName) {
    metric.labels.push_back({"__name__", std::string(tokens[0].text)});
    metric.end = tokens[0].end();
    next = 1;
  }
  if (tokens[next].kind != TokenKind::kLeftBrace || tokens[next].begin != metric.end) {
    return next == 0 ? absl::StatusOr<MetricPart>(NoSeries(line)) : metric;
  }
  ++next;
  while (next < tokens.size() && tokens[next].kind != TokenKind::kRightBrace) {
    if (tokens[next].kind == TokenKind::kComma) {
      ++next;
      continue;
    }
    std::string name(tokens[next].text);
    if (tokens[next].kind == TokenKind::kString) {
      ORA_ASSIGN_OR_RETURN(name, Unquote(tokens[next].text));
    }
    if (next + 1 < tokens.size() && tokens[next + 1].kind != TokenKind::kAssign) {
      metric.labels.push_back({"__name__", name});
      ++next;
      continue;
    }
    if (next + 2 >= tokens.size() || tokens[next + 2].kind != TokenKind::kString) {
      return NoSeries(line);
    }
    ORA_ASSIGN_OR_RETURN(std::string value, Unquote(tokens[next + 2].text));
    metric.labels.push_back({std::move(name), std::move(value)});
    next += 3;
  }
  if (next >= tokens.size()) return NoSeries(line);
  metric.end = tokens[next].end();
  return metric;
}

double ToNumber(const std::string& text) {
  return text == "stale" ? storage::StaleMarker() : std::strtod(text.c_str(), nullptr);
}

}  // namespace

absl::StatusOr<SeriesLine> ParseSeriesLine(absl::string_view line) {
  static const re2::RE2* const kItem = new re2::RE2(
      "(?i)(_|stale|[-+]?(?:inf|nan|(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[-+]?[0-9]+)?))"
      "([-+](?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[-+]?[0-9]+)?)?(?:x([0-9]+))?");
  ORA_ASSIGN_OR_RETURN(MetricPart metric, ParseMetric(line));
  SeriesLine series;
  series.labels = storage::Labels(std::move(metric.labels));
  for (const absl::string_view part :
       absl::StrSplit(line.substr(metric.end), absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    const std::string item(part);
    std::string first;
    std::string delta;
    std::string repeat;
    if (!re2::RE2::FullMatch(item, *kItem, &first, &delta, &repeat)) return NoSeries(line);
    int times = 0;
    if (!repeat.empty() && !absl::SimpleAtoi(repeat, &times)) return NoSeries(line);
    if (first == "_") {
      series.values.resize(series.values.size() + (repeat.empty() ? 1 : times));
      continue;
    }
    double value = ToNumber(first);
    for (int i = 0; i <= times; ++i) {
      series.values.emplace_back(value);
      if (!delta.empty()) value += ToNumber(delta);
    }
  }
  return series;
}

}  // namespace ora::promql

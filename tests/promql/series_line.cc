#include "tests/promql/series_line.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
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

// More repetitions than this are a mistake in the script.
constexpr int kRepeatMax = 1'000'000;

double ToNumber(const std::string& text) {
  return text == "stale" ? storage::StaleMarker() : std::strtod(text.c_str(), nullptr);
}

std::optional<int> ParseRepeat(const std::string& repeat) {
  int times = 0;
  if (repeat.empty()) return times;
  if (!absl::SimpleAtoi(repeat, &times) || times < 0 || times > kRepeatMax) return std::nullopt;
  return times;
}

// The next item, taken from `rest`: up to a blank that is in no `{{...}}`.
absl::string_view TakeItem(absl::string_view& rest) {
  size_t end = 0;
  while (end < rest.size() && rest[end] != ' ' && rest[end] != '\t') {
    if (absl::StartsWith(rest.substr(end), "{{")) {
      const size_t close = rest.find("}}", end);
      end = close == absl::string_view::npos ? rest.size() : close + 2;
    } else {
      ++end;
    }
  }
  const absl::string_view item = rest.substr(0, end);
  rest.remove_prefix(end);
  rest = absl::StripLeadingAsciiWhitespace(rest);
  return item;
}

bool AddHistograms(const std::string& item, std::vector<SeriesPoint>& points) {
  static const re2::RE2* const kItem =
      new re2::RE2("\\{\\{.*?\\}\\}(?:[-+]\\{\\{.*?\\}\\})?(?:x([0-9]+))?");
  std::string repeat;
  if (!re2::RE2::FullMatch(item, *kItem, &repeat)) return false;
  const std::optional<int> times = ParseRepeat(repeat);
  if (!times) return false;
  points.insert(points.end(), static_cast<size_t>(*times) + 1, {PointKind::kHistogram, 0});
  return true;
}

bool AddFloats(const std::string& item, std::vector<SeriesPoint>& points) {
  static const re2::RE2* const kItem = new re2::RE2(
      "(?i)(_|stale|[-+]?(?:inf|nan|(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[-+]?[0-9]+)?))"
      "([-+](?:inf|nan|(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[-+]?[0-9]+)?))?(?:x([0-9]+))?");
  std::string first;
  std::string delta;
  std::string repeat;
  if (!re2::RE2::FullMatch(item, *kItem, &first, &delta, &repeat)) return false;
  const std::optional<int> times = ParseRepeat(repeat);
  if (!times || (!delta.empty() && repeat.empty())) return false;
  if (first == "_") {
    if (!delta.empty()) return false;
    points.resize(points.size() + (repeat.empty() ? 1 : static_cast<size_t>(*times)));
    return true;
  }
  double value = ToNumber(first);
  for (int i = 0; i <= *times; ++i) {
    points.push_back({PointKind::kFloat, value});
    if (!delta.empty()) value += ToNumber(delta);
  }
  return true;
}

}  // namespace

absl::StatusOr<SeriesLine> ParseSeriesLine(absl::string_view line) {
  ORA_ASSIGN_OR_RETURN(MetricPart metric, ParseMetric(line));
  SeriesLine series;
  series.labels = storage::Labels(std::move(metric.labels));
  absl::string_view rest = absl::StripLeadingAsciiWhitespace(line.substr(metric.end));
  while (!rest.empty()) {
    const std::string item(TakeItem(rest));
    const bool understood = absl::StartsWith(item, "{{") ? AddHistograms(item, series.points)
                                                         : AddFloats(item, series.points);
    if (!understood) return NoSeries(line);
  }
  return series;
}

std::optional<double> ParseLoneNumber(absl::string_view text) {
  const bool minus = absl::ConsumePrefix(&text, "-");
  if (!minus) absl::ConsumePrefix(&text, "+");
  absl::StatusOr<double> value = ParseNumber(text);
  if (absl::EqualsIgnoreCase(text, "inf")) value = HUGE_VAL;
  if (absl::EqualsIgnoreCase(text, "nan")) value = std::nan("");
  if (!value.ok()) return std::nullopt;
  return minus ? -*value : *value;
}

bool HasHistogram(const SeriesLine& line) {
  return std::any_of(line.points.begin(), line.points.end(),
                     [](const SeriesPoint& point) { return point.kind == PointKind::kHistogram; });
}

}  // namespace ora::promql

#include "tests/promql/script_judge.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "aggregator/promql/parser/literals.h"

namespace ora::promql {
namespace {

using storage::Labels;
using Times = std::map<int64_t, double>;
using Points = std::map<Labels, Times>;  // Of a result, by labels and time.

bool Fits(const ExpectedText& expected, const std::string& actual) {
  switch (expected.kind) {
    case ExpectedText::Kind::kAnything:
      return true;
    case ExpectedText::Kind::kMessage:
      return actual == expected.text;
    case ExpectedText::Kind::kRegex:
      return re2::RE2::PartialMatch(actual, expected.text);
  }
  return false;
}

std::string Name(const ExpectedText& expected) {
  if (expected.kind == ExpectedText::Kind::kAnything) return "any";
  return Quote(expected.text);
}

// Notes end in the place that they are about, which scripts do not tell.
std::string WithoutPlace(const std::string& note) {
  std::string text = note;
  re2::RE2::Replace(&text, " \\([0-9]+:[0-9]+\\)$", "");
  return text;
}

bool FitsNote(const ExpectedText& expected, const std::string& note) {
  return Fits(expected, note) || Fits(expected, WithoutPlace(note));
}

std::string JudgeNotesOfAKind(absl::string_view kind, const std::vector<ExpectedText>& expected,
                              const std::vector<std::string>& actual) {
  if (expected.empty()) return "";
  for (const ExpectedText& each : expected) {
    if (std::none_of(actual.begin(), actual.end(),
                     [&](const std::string& note) { return FitsNote(each, note); })) {
      return absl::StrCat("expected ", kind, " ", Name(each), ", got [",
                          absl::StrJoin(actual, "; "), "]");
    }
  }
  for (const std::string& note : actual) {
    if (std::none_of(expected.begin(), expected.end(),
                     [&](const ExpectedText& each) { return FitsNote(each, note); })) {
      return absl::StrCat(kind, " is not expected: ", note);
    }
  }
  return "";
}

template <typename Series>
std::string JudgeDuplicates(const Series& all) {
  std::map<Labels, size_t> seen;
  for (const auto& series : all) {
    if (++seen[series.labels] > 1) return series.labels.ToString() + " is there twice";
  }
  return "";
}

std::string TimesDifference(const Labels& labels, const Times& expected, const Times& actual) {
  for (const auto& [time, value] : expected) {
    const auto point = actual.find(time);
    if (point == actual.end()) {
      return absl::StrCat(labels.ToString(), " has no value at ", time, " ms");
    }
    if (SameValue(value, point->second)) continue;
    return absl::StrCat(labels.ToString(), " at ", time, " ms is ", FormatNumber(point->second),
                        ", expected ", FormatNumber(value));
  }
  for (const auto& [time, value] : actual) {
    if (expected.count(time) != 0) continue;
    return absl::StrCat(labels.ToString(), " has a value at ", time, " ms, ", FormatNumber(value),
                        ", where none is expected");
  }
  return "";
}

std::string Difference(const Points& expected, const Points& actual) {
  for (const auto& [labels, times] : expected) {
    const auto found = actual.find(labels);
    if (found == actual.end()) return absl::StrCat(labels.ToString(), " is missing");
    if (std::string reason = TimesDifference(labels, times, found->second); !reason.empty()) {
      return reason;
    }
  }
  for (const auto& [labels, times] : actual) {
    if (expected.count(labels) == 0) return absl::StrCat(labels.ToString(), " is not expected");
  }
  return "";
}

Points ExpectedPoints(const EvalCommand& eval) {
  const QuerySteps& steps = eval.window ? *eval.window : eval.steps;
  Points points;
  for (const SeriesLine& line : eval.series) {
    Times& times = points[line.labels];
    for (size_t i = 0; i < line.points.size(); ++i) {
      if (line.points[i].kind != PointKind::kFloat) continue;
      times[steps.start_millis + static_cast<int64_t>(i) * steps.step_millis] =
          line.points[i].value;
    }
  }
  return points;
}

std::string JudgeVector(const EvalCommand& eval, const InstantVector& vector) {
  if (std::string reason = JudgeDuplicates(vector); !reason.empty()) return reason;
  Points points;
  for (const InstantSample& sample : vector) points[sample.labels][0] = sample.value;
  Points expected;  // The vector's time may be another than the eval's.
  for (const SeriesLine& line : eval.series) expected[line.labels][0] = line.points[0].value;
  if (std::string reason = Difference(expected, points); !reason.empty()) return reason;
  if (!eval.ordered) return "";
  for (size_t i = 0; i < vector.size(); ++i) {
    if (vector[i].labels == eval.series[i].labels) continue;
    return absl::StrCat("place ", i + 1, " is ", vector[i].labels.ToString(), ", expected ",
                        eval.series[i].labels.ToString());
  }
  return "";
}

std::string JudgeMatrix(const EvalCommand& eval, const Matrix& matrix) {
  if (std::string reason = JudgeDuplicates(matrix); !reason.empty()) return reason;
  if (std::string reason = JudgeSorted(matrix); !reason.empty()) return reason;
  Points points;
  for (const RangeSeries& series : matrix) {
    if (series.samples.size() == 0) return series.labels.ToString() + " is there without a value";
    for (size_t i = 0; i < series.samples.size(); ++i) {
      points[series.labels][series.samples.time_millis[i]] = series.samples.values[i];
    }
  }
  return Difference(ExpectedPoints(eval), points);
}

std::string JudgeScalar(const EvalCommand& eval, double value) {
  if (!eval.scalar) return "is a scalar, expected series";
  if (SameValue(value, *eval.scalar)) return "";
  return absl::StrCat("is ", FormatNumber(value), ", expected ", FormatNumber(*eval.scalar));
}

}  // namespace

bool SameValue(double a, double b) {
  if (storage::IsStaleMarker(a) || storage::IsStaleMarker(b)) {
    return storage::IsStaleMarker(a) == storage::IsStaleMarker(b);
  }
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  const double size = std::fabs(a) + std::fabs(b);
  const double apart = std::fabs(a - b);
  constexpr double kTolerance = 1e-6;
  if (a == 0 || b == 0 || size < std::numeric_limits<double>::min()) {
    return apart < kTolerance * std::numeric_limits<double>::min();
  }
  return apart / std::min(size, std::numeric_limits<double>::max()) < kTolerance;
}

std::string JudgeSorted(const Matrix& matrix) {
  for (size_t i = 1; i < matrix.size(); ++i) {
    if (matrix[i - 1].labels < matrix[i].labels) continue;
    return absl::StrCat("series are not sorted by labels: ", matrix[i - 1].labels.ToString(),
                        " is before ", matrix[i].labels.ToString());
  }
  return "";
}

std::string JudgeFailure(const EvalCommand& eval, const absl::Status& status) {
  if (status.ok()) return "expected a failure";
  const std::string message(status.message());
  for (const ExpectedText& expected : eval.failures) {
    if (Fits(expected, message)) continue;
    return absl::StrCat("fails with ", Quote(message), ", expected ", Name(expected));
  }
  return "";
}

std::string JudgeNotes(const EvalCommand& eval, const QueryResult& result) {
  if (eval.no_warnings && !result.warnings.empty()) {
    return "no warning is expected: " + absl::StrJoin(result.warnings, "; ");
  }
  if (eval.no_infos && !result.infos.empty()) {
    return "no info is expected: " + absl::StrJoin(result.infos, "; ");
  }
  const std::string reason = JudgeNotesOfAKind("warning", eval.warnings, result.warnings);
  return reason.empty() ? JudgeNotesOfAKind("info", eval.infos, result.infos) : reason;
}

std::string JudgeValue(const EvalCommand& eval, const Value& value) {
  if (const auto* scalar = std::get_if<ScalarValue>(&value))
    return JudgeScalar(eval, scalar->value);
  if (eval.scalar) return "expected a scalar";
  if (const auto* text = std::get_if<std::string>(&value)) {
    // Only newer scripts can tell of strings; in the others any will do.
    if (!eval.series.empty()) return "is a string, expected series";
    return !eval.text || *eval.text == *text
               ? ""
               : absl::StrCat("is ", Quote(*text), ", expected ", Quote(*eval.text));
  }
  if (eval.text) return "expected a string";
  if (const auto* vector = std::get_if<InstantVector>(&value)) return JudgeVector(eval, *vector);
  return JudgeMatrix(eval, std::get<Matrix>(value));
}

}  // namespace ora::promql

#include "tests/promql/script.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "aggregator/promql/engine.h"
#include "aggregator/promql/parser/literals.h"
#include "tests/fakes/memory_series.h"
#include "tests/promql/series_line.h"

namespace ora::promql {
namespace {

using storage::IsStaleMarker;
using storage::Labels;

// What an eval says about errors, notes and order.
struct Expectation {
  bool fail = false;
  bool ordered = false;
  bool any_warning = false;
  bool any_info = false;
  std::string message;  // Of the failure, if it matters.
  std::string regex;
};

struct Eval {
  size_t line = 0;
  bool range = false;
  int64_t start_millis = 0;
  int64_t end_millis = 0;
  int64_t step_millis = 1;
  std::string query;
  Expectation expect;
  bool scalar = false;
  double scalar_value = 0;
  std::vector<SeriesLine> series;
  bool histograms = false;
};

bool SameValue(double a, double b) {
  if (IsStaleMarker(a) || IsStaleMarker(b)) return IsStaleMarker(a) == IsStaleMarker(b);
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

int64_t MillisOf(const std::string& text) {
  const absl::StatusOr<int64_t> millis = ParseDurationMillis(text);
  if (millis.ok()) return *millis;
  double seconds = 0;
  return absl::SimpleAtod(text, &seconds) ? std::llround(seconds * 1000) : 0;
}

// The points of a result, by labels and time.
using Points = std::map<Labels, std::map<int64_t, double>>;

Points PointsOf(const Value& value) {
  Points points;
  if (const auto* vector = std::get_if<InstantVector>(&value)) {
    for (const InstantSample& sample : *vector) {
      points[sample.labels][sample.time_millis] = sample.value;
    }
  } else if (const auto* matrix = std::get_if<Matrix>(&value)) {
    for (const RangeSeries& series : *matrix) {
      for (size_t i = 0; i < series.samples.size(); ++i) {
        points[series.labels][series.samples.time_millis[i]] = series.samples.values[i];
      }
    }
  }
  return points;
}

std::string Difference(const Points& expected, const Points& actual) {
  for (const auto& [labels, times] : expected) {
    const auto found = actual.find(labels);
    if (found == actual.end()) return absl::StrCat(labels.ToString(), " is missing");
    for (const auto& [time, value] : times) {
      const auto point = found->second.find(time);
      if (point == found->second.end()) {
        return absl::StrCat(labels.ToString(), " has no value at ", time, " ms");
      }
      if (!SameValue(value, point->second)) {
        return absl::StrCat(labels.ToString(), " at ", time, " ms is ", FormatNumber(point->second),
                            ", expected ", FormatNumber(value));
      }
    }
    if (found->second.size() != times.size()) {
      return absl::StrCat(labels.ToString(), " has ", found->second.size(), " values, expected ",
                          times.size());
    }
  }
  for (const auto& [labels, times] : actual) {
    if (expected.count(labels) == 0) return absl::StrCat(labels.ToString(), " is not expected");
  }
  return "";
}

class Script {
 public:
  explicit Script(absl::string_view text) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const absl::string_view trimmed = absl::StripAsciiWhitespace(line);
      lines_.emplace_back(absl::StartsWith(trimmed, "#") ? "" : trimmed);
    }
  }

  ScriptOutcome Run() {
    while (next_ < lines_.size()) {
      const std::string& line = lines_[next_++];
      if (line.empty()) continue;
      if (line == "clear") {
        series_.Clear();
        histograms_.Clear();
      } else if (absl::StartsWith(line, "load")) {
        Load(line);
      } else if (absl::StartsWith(line, "eval")) {
        RunEval(line);
      } else {
        Fail(next_, absl::StrCat("unknown command: ", line));
      }
    }
    return std::move(outcome_);
  }

 private:
  void Fail(size_t line, std::string reason) {
    outcome_.failures.push_back({line, std::move(reason)});
  }

  void Load(const std::string& head) {
    const std::vector<std::string> words = absl::StrSplit(head, ' ', absl::SkipEmpty());
    const int64_t gap = words.size() == 2 ? MillisOf(words[1]) : 0;
    if (gap <= 0) return Fail(next_, absl::StrCat("no load with a duration: ", head));
    while (next_ < lines_.size() && !lines_[next_].empty()) {
      const std::string& line = lines_[next_++];
      if (absl::StrContains(line, "{{")) {
        const absl::StatusOr<SeriesLine> named = ParseSeriesLine(line.substr(0, line.find("{{")));
        if (!named.ok()) return Fail(next_, std::string(named.status().message()));
        histograms_.Add(named->labels, {{0, 1}});
        continue;
      }
      const absl::StatusOr<SeriesLine> series = ParseSeriesLine(line);
      if (!series.ok()) return Fail(next_, std::string(series.status().message()));
      std::vector<storage::Sample> samples;
      for (size_t i = 0; i < series->values.size(); ++i) {
        if (series->values[i]) {
          samples.push_back({static_cast<int64_t>(i) * gap, *series->values[i]});
        }
      }
      series_.Add(series->labels, samples);
    }
  }

  void RunEval(const std::string& head) {
    static const re2::RE2* const kInstant =
        new re2::RE2("eval(?:_(fail|warn|info|ordered))?\\s+instant\\s+(?:at\\s+(.+?))?\\s+(.+)");
    static const re2::RE2* const kRange = new re2::RE2(
        "eval(?:_(fail|warn|info))?\\s+range\\s+from\\s+(.+)\\s+to\\s+(.+)\\s+step\\s+(.+?)\\s+"
        "(.+)");
    Eval eval;
    eval.line = next_;
    std::string kind;
    std::string start;
    std::string end;
    std::string step;
    if (re2::RE2::FullMatch(head, *kInstant, &kind, &start, &eval.query)) {
      eval.start_millis = eval.end_millis = MillisOf(start);
    } else if (re2::RE2::FullMatch(head, *kRange, &kind, &start, &end, &step, &eval.query)) {
      eval.range = true;
      eval.start_millis = MillisOf(start);
      eval.end_millis = MillisOf(end);
      eval.step_millis = MillisOf(step);
    } else {
      return Fail(next_, absl::StrCat("no eval: ", head));
    }
    eval.expect.fail = kind == "fail";
    eval.expect.any_warning = kind == "warn";
    eval.expect.any_info = kind == "info";
    eval.expect.ordered = kind == "ordered";
    if (const std::string wrong = ReadExpected(eval); !wrong.empty()) return Fail(next_, wrong);
    if (SetAside(eval)) {
      ++outcome_.skipped;
      return;
    }
    const std::string reason = Judge(eval);
    if (reason.empty()) {
      ++outcome_.passed;
    } else {
      Fail(eval.line, absl::StrCat(eval.query, ": ", reason));
    }
  }

  // Why the lines are not understood, if so.
  std::string ReadExpected(Eval& eval) {
    static const re2::RE2* const kExpect = new re2::RE2(
        "expect\\s+(ordered|fail|warn|no_warn|info|no_info)(?:\\s+(msg|regex):\\s*(.+))?");
    while (next_ < lines_.size() && !lines_[next_].empty()) {
      const std::string& line = lines_[next_++];
      std::string word;
      std::string how;
      std::string text;
      if (absl::StartsWith(line, "expected_fail_message ")) {
        eval.expect.message = std::string(absl::StripAsciiWhitespace(line.substr(21)));
      } else if (absl::StartsWith(line, "expected_fail_regexp ")) {
        eval.expect.regex = std::string(absl::StripAsciiWhitespace(line.substr(20)));
      } else if (re2::RE2::FullMatch(line, *kExpect, &word, &how, &text)) {
        if (word == "ordered") eval.expect.ordered = true;
        if (word == "warn") eval.expect.any_warning = true;
        if (word == "info") eval.expect.any_info = true;
        if (word == "fail") {
          eval.expect.fail = true;
          (how == "msg" ? eval.expect.message : eval.expect.regex) = text;
        }
      } else if (absl::StrContains(line, "{{")) {
        eval.histograms = true;
      } else if (const auto number = ParseScalar(line)) {
        eval.scalar = true;
        eval.scalar_value = *number;
      } else {
        absl::StatusOr<SeriesLine> series = ParseSeriesLine(line);
        if (!series.ok()) return std::string(series.status().message());
        eval.series.push_back(*std::move(series));
      }
    }
    return "";
  }

  static absl::optional<double> ParseScalar(const std::string& line) {
    double value = 0;
    if (!absl::SimpleAtod(line, &value)) return absl::nullopt;
    return value;
  }

  bool SetAside(const Eval& eval) const {
    if (eval.histograms) return true;
    const auto touched = Engine(histograms_).Instant(eval.query, eval.start_millis, context_);
    if (!touched.ok()) return absl::StrContains(touched.status().message(), "is not supported");
    return touched->cost.series_selected > 0;
  }

  static QueryContext Context() {
    QueryContext context;
    context.limits.samples_max = 10'000;
    context.name_removal = NameRemoval::kDelayed;
    return context;
  }

  absl::StatusOr<QueryResult> Evaluate(const Eval& eval) const {
    if (!eval.range) return engine_.Instant(eval.query, eval.start_millis, context_);
    return engine_.Range(eval.query, {eval.start_millis, eval.end_millis, eval.step_millis},
                         context_);
  }

  // Why the eval fails; empty if it passes.
  std::string Judge(const Eval& eval) const {
    const absl::StatusOr<QueryResult> result = Evaluate(eval);
    if (eval.expect.fail) return JudgeFailure(eval.expect, result.status());
    if (!result.ok()) return std::string(result.status().message());
    if (eval.expect.any_warning && result->warnings.empty()) return "expected a warning";
    if (eval.expect.any_info && result->infos.empty()) return "expected an info";
    if (eval.scalar) {
      const auto* scalar = std::get_if<ScalarValue>(&result->value);
      if (scalar == nullptr) return "expected a scalar";
      return SameValue(scalar->value, eval.scalar_value)
                 ? ""
                 : absl::StrCat("is ", scalar->value, ", expected ", eval.scalar_value);
    }
    const bool series = std::holds_alternative<InstantVector>(result->value) ||
                        std::holds_alternative<Matrix>(result->value);
    if (!series && !eval.series.empty()) return "expected series";
    if (const std::string reason = Difference(Expected(eval), PointsOf(result->value));
        !reason.empty()) {
      return reason;
    }
    if (eval.expect.ordered) return JudgeOrder(eval, std::get<InstantVector>(result->value));
    return eval.range ? "" : JudgeWithinRange(eval, result->value);
  }

  static std::string JudgeFailure(const Expectation& expect, const absl::Status& status) {
    if (status.ok()) return "expected a failure";
    const std::string message(status.message());
    if (!expect.message.empty() && message != expect.message) {
      return absl::StrCat("fails with \"", message, "\", expected \"", expect.message, "\"");
    }
    if (!expect.regex.empty() && !re2::RE2::PartialMatch(message, expect.regex)) {
      return absl::StrCat("fails with \"", message, "\", expected to match ", expect.regex);
    }
    return "";
  }

  static Points Expected(const Eval& eval) {
    Points points;
    for (const SeriesLine& line : eval.series) {
      for (size_t i = 0; i < line.values.size(); ++i) {
        if (!line.values[i]) continue;
        points[line.labels][eval.start_millis + static_cast<int64_t>(i) * eval.step_millis] =
            *line.values[i];
      }
    }
    return points;
  }

  static std::string JudgeOrder(const Eval& eval, const InstantVector& vector) {
    for (size_t i = 0; i < eval.series.size(); ++i) {
      if (vector[i].labels != eval.series[i].labels) {
        return absl::StrCat("place ", i, " is ", vector[i].labels.ToString(), ", expected ",
                            eval.series[i].labels.ToString());
      }
    }
    return "";
  }

  // The same expression over three steps must have the same value at the middle one.
  std::string JudgeWithinRange(const Eval& eval, const Value& value) const {
    const auto* instant = std::get_if<InstantVector>(&value);
    if (instant == nullptr) return "";
    constexpr int64_t kMinute = 60'000;
    const auto result = engine_.Range(
        eval.query, {eval.start_millis - kMinute, eval.start_millis + kMinute, kMinute}, context_);
    if (!result.ok()) return absl::StrCat("as a range: ", result.status().message());
    Points middle;
    for (const auto& [labels, times] : PointsOf(result->value)) {
      const auto point = times.find(eval.start_millis);
      if (point != times.end()) middle[labels][point->first] = point->second;
    }
    const std::string reason = Difference(PointsOf(value), middle);
    return reason.empty() ? "" : absl::StrCat("as a range: ", reason);
  }

  std::vector<std::string> lines_;
  size_t next_ = 0;  // So also the number of the line that was read last.
  mutable fakes::MemorySeries series_;
  mutable Engine engine_{series_};
  const QueryContext context_ = Context();
  mutable fakes::MemorySeries histograms_;  // Which series are native histograms: set aside.
  ScriptOutcome outcome_;
};

}  // namespace

ScriptOutcome RunScript(absl::string_view script) { return Script(script).Run(); }

}  // namespace ora::promql

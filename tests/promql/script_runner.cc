#include "tests/promql/script_runner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/parser/parser.h"
#include "tests/promql/at_times.h"
#include "tests/promql/script_judge.h"
#include "tests/promql/script_series.h"
#include "tests/promql/set_aside.h"

namespace ora::promql {
namespace {

constexpr int64_t kMinute = 60'000;

std::vector<int64_t> OtherTimes(int64_t time) {
  if (time == 0) return {-1000, 0, 1000};
  return {-10 * time, 0, time / 5, time, 10 * time};
}

// The points at `time` of a range query's result, as an instant query would give them.
Value ValueAt(const Matrix& matrix, int64_t time, const Value& instant) {
  InstantVector vector;
  for (const RangeSeries& series : matrix) {
    for (size_t i = 0; i < series.samples.size(); ++i) {
      if (series.samples.time_millis[i] != time) continue;
      vector.push_back({series.labels, time, series.samples.values[i]});
    }
  }
  if (!std::holds_alternative<ScalarValue>(instant) || vector.size() != 1) return vector;
  return ScalarValue{time, vector[0].value};
}

class ScriptRun {
 public:
  ScriptRun(const ScriptSettings& settings, storage::Clock& clock)
      : settings_(settings), clock_(clock) {}

  ScriptOutcome Run(absl::string_view script) {
    for (const Command& command : ParseScript(script)) {
      std::visit([this](const auto& each) { Execute(each); }, command);
    }
    return std::move(outcome_);
  }

 private:
  void Execute(const ClearCommand&) { series_.Clear(); }
  void Execute(const LoadCommand& load) { series_.Load(load); }
  void Execute(const Misunderstood& line) { outcome_.failures.push_back({line.line, line.reason}); }

  void Execute(const EvalCommand& eval) {
    std::string aside = WhySetAside(eval);
    std::string reason;
    if (aside.empty()) {
      series_.ForgetTouched();
      const absl::StatusOr<QueryResult> result = Evaluate(eval);
      if (series_.touched().type_and_unit) aside = kTypeAndUnitLabels;
      if (series_.touched().histograms) aside = kNativeHistograms;
      if (aside.empty()) reason = Judge(eval, result);
      if (!reason.empty() && DependsOnHash(eval.query)) aside = kLimitRatioHash;
    }
    if (!aside.empty()) {
      ++outcome_.skipped[aside];
    } else if (reason.empty()) {
      ++outcome_.passed;
    } else {
      outcome_.failures.push_back({eval.line, absl::StrCat(eval.query, ": ", reason)});
    }
  }

  QueryContext Context() const {
    QueryContext context;
    context.lookback_millis = settings_.lookback_millis;
    context.subquery_step_millis = settings_.subquery_step_millis;
    context.limits.samples_max = settings_.samples_max;
    context.name_removal = settings_.name_removal;
    const absl::Duration end = clock_.Monotonic() + settings_.timeout;
    context.check_alive = [this, end] {
      if (clock_.Monotonic() < end) return absl::OkStatus();
      return absl::DeadlineExceededError(
          absl::StrCat("query took longer than ", absl::FormatDuration(settings_.timeout)));
    };
    return context;
  }

  absl::StatusOr<QueryResult> Evaluate(const EvalCommand& eval) {
    if (eval.kind == EvalCommand::Kind::kRange) {
      return engine_.Range(eval.query, eval.steps, Context());
    }
    return engine_.Instant(eval.query, eval.steps.start_millis, Context());
  }

  std::string Judge(const EvalCommand& eval, const absl::StatusOr<QueryResult>& result) {
    if (!eval.failures.empty()) return JudgeFailure(eval, result.status());
    if (!result.ok()) return absl::StrCat("fails: ", result.status().message());
    std::string reason = JudgeNotes(eval, *result);
    if (reason.empty()) reason = JudgeValue(eval, result->value);
    if (!reason.empty() || eval.kind == EvalCommand::Kind::kRange) return reason;
    const int64_t time = eval.steps.start_millis;
    reason = JudgeWithinRange(eval, eval.query, time, result->value);
    return reason.empty() ? JudgeAtOtherTimes(eval) : reason;
  }

  // The same expression over three steps must have the same value at the middle one.
  std::string JudgeWithinRange(const EvalCommand& eval, const std::string& query, int64_t time,
                               const Value& instant) {
    const bool has_steps = std::holds_alternative<InstantVector>(instant) ||
                           std::holds_alternative<ScalarValue>(instant);
    if (eval.ordered || !has_steps) return "";
    const absl::StatusOr<QueryResult> result =
        engine_.Range(query, {time - kMinute, time + kMinute, kMinute}, Context());
    const std::string where =
        absl::StrCat("as the middle of a range query at ", time, " ms (", query, "): ");
    if (!result.ok()) return absl::StrCat(where, result.status().message());
    const auto& matrix = std::get<Matrix>(result->value);
    std::string reason = JudgeSorted(matrix);
    if (reason.empty()) reason = JudgeValue(eval, ValueAt(matrix, time, instant));
    return reason.empty() ? "" : where + reason;
  }

  std::string JudgeAtOtherTimes(const EvalCommand& eval) {
    absl::StatusOr<ExprPtr> expr = ParseExpression(eval.query);
    if (!expr.ok()) return "";
    const int64_t time = eval.steps.start_millis;
    const std::optional<std::string> query = PrintAtTime(**expr, time);
    if (!query) return "";
    for (const int64_t other : OtherTimes(time)) {
      const absl::StatusOr<QueryResult> result = engine_.Instant(*query, other, Context());
      const std::string where = absl::StrCat("at ", other, " ms as ", *query, ": ");
      if (!result.ok()) return absl::StrCat(where, result.status().message());
      std::string reason = JudgeNotes(eval, *result);
      if (reason.empty()) reason = JudgeValue(eval, result->value);
      if (!reason.empty()) return where + reason;
      reason = JudgeWithinRange(eval, *query, other, result->value);
      if (!reason.empty()) return reason;
    }
    return "";
  }

  const ScriptSettings& settings_;
  storage::Clock& clock_;
  ScriptSeries series_;
  Engine engine_{series_};
  ScriptOutcome outcome_;
};

}  // namespace

ScriptOutcome RunScript(absl::string_view script, const ScriptSettings& settings,
                        storage::Clock& clock) {
  return ScriptRun(settings, clock).Run(script);
}

}  // namespace ora::promql

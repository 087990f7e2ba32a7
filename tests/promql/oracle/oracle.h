// A slow PromQL that evaluates one step at a time and looks at every sample anew: what the engine's
// answers are compared with. It shares the parser with the engine, and none of the evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregator/promql/engine.h"
#include "aggregator/promql/parser/syntax_tree.h"
#include "storage/labels.h"
#include "storage/sample.h"

namespace ora::promql::oracle {

struct StoredSeries {
  storage::Labels labels;
  std::vector<storage::Sample> samples;  // Ascending by time.
};

struct Settings {
  int64_t lookback_millis = 5 * 60 * 1000;
  int64_t subquery_step_millis = 60 * 1000;
  NameRemoval name_removal = NameRemoval::kAtOnce;
  storage::TimeRange query;  // What start() and end() mean.
};

struct Element {
  storage::Labels labels;
  bool drop_name = false;
  double value = 0;
};

using Vector = std::vector<Element>;
using Result = std::variant<double, Vector, std::string>;

// One thread's. `series` must outlive the oracle, and is sorted by labels.
class Oracle {
 public:
  Oracle(const std::vector<StoredSeries>& series, const Settings& settings)
      : series_(series), settings_(settings) {}

  // Of an expression that is no range vector, at one instant; without the names that are to go.
  absl::StatusOr<Result> Evaluate(const Expr& expr, int64_t time_millis) const;

 private:
  // The samples of one series that a function of a range vector sees.
  struct Window {
    storage::Labels labels;
    bool drop_name = false;
    std::vector<storage::Sample> samples;
  };
  struct Windows {
    std::vector<Window> series;
    int64_t start_millis = 0;  // Not included.
    int64_t end_millis = 0;
  };

  absl::StatusOr<Result> At(const Expr& expr, int64_t time) const;
  absl::StatusOr<double> ScalarAt(const Expr& expr, int64_t time) const;
  absl::StatusOr<Vector> VectorAt(const Expr& expr, int64_t time) const;
  absl::StatusOr<Windows> WindowsAt(const Expr& expr, int64_t time) const;

  absl::StatusOr<Result> BinaryAt(const Binary& binary, int64_t time) const;
  absl::StatusOr<Result> AggregateAt(const Aggregate& aggregate, int64_t time) const;
  absl::StatusOr<Result> CallAt(const Call& call, int64_t time) const;
  absl::StatusOr<Result> RangeCallAt(const Call& call, const Expr& range, int64_t time) const;
  absl::StatusOr<Result> VectorCallAt(const Call& call, int64_t time) const;
  absl::StatusOr<Result> LabelCallAt(const Call& call, int64_t time) const;

  int64_t Shifted(const TimeShift& shift, int64_t time) const;
  Vector Select(const VectorSelector& selector, int64_t time) const;
  Vector SelectTimes(const VectorSelector& selector, int64_t time) const;
  absl::StatusOr<Windows> SubqueryWindows(const Subquery& subquery, int64_t time) const;

  // Takes the name away, or says that it is to go.
  absl::StatusOr<Result> WithoutNames(Vector vector) const;

  const std::vector<StoredSeries>& series_;
  const Settings settings_;
};

// INVALID_ARGUMENT: two elements have the same labels.
absl::Status CheckUnique(const Vector& vector);

struct WindowTimes {
  int64_t start_millis = 0;  // Not included.
  int64_t end_millis = 0;
  int64_t step_millis = 0;  // When the function is evaluated.
};

// What a function makes of a window; nothing where it needs more samples. `scalars` are the other
// arguments in their order.
std::optional<double> WindowFunction(absl::string_view name,
                                     const std::vector<storage::Sample>& samples,
                                     const WindowTimes& times, const std::vector<double>& scalars);

// What a function makes of one value.
std::optional<double> ValueFunction(absl::string_view name, double value,
                                    const std::vector<double>& scalars);

// q-quantile with linear interpolation, NaN smallest.
double SimpleQuantile(double q, std::vector<double> values);

double Arithmetic(BinaryOperator op, double left, double right);
absl::StatusOr<Vector> Aggregated(const Aggregate& aggregate, const Vector& vector, double scalar,
                                  const std::string& text);
absl::StatusOr<Vector> Matched(const Binary& binary, NameRemoval removal, const Vector& left,
                               const Vector& right);
Vector Combined(const Binary& binary, const Vector& left, const Vector& right);
absl::StatusOr<Vector> Histograms(absl::string_view name, const std::vector<double>& scalars,
                                  const Vector& buckets);

}  // namespace ora::promql::oracle

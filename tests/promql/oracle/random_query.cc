#include "tests/promql/oracle/random_query.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ora::promql::oracle {
namespace {

using storage::Labels;
using storage::Sample;

constexpr int64_t kSecond = 1000;
constexpr int kDepthMax = 4;

// How the engine and the oracle round. Steps, comparisons and divisions blow a rounding error up,
// so they are put only on what both compute alike.
enum class Rounding { kExact, kLoose };

class Writer {
 public:
  explicit Writer(Choices& choices) : choices_(choices) {}

  std::string Query() { return choices_.OneIn(12) ? Scalar(kDepthMax) : Vector(kDepthMax, kLoose); }

 private:
  static constexpr Rounding kExact = Rounding::kExact;
  static constexpr Rounding kLoose = Rounding::kLoose;

  template <size_t N>
  std::string Of(const std::array<const char*, N>& texts) {
    return texts[choices_.Below(N)];
  }

  std::string Number() {
    return Of(std::array{"1", "2", "0.5", "-3", "10", "0", "4", "7.25", "1e3", "5s", "Inf"});
  }

  std::string Scalar(int depth) {
    switch (depth <= 0 ? 0 : choices_.Below(5)) {
      case 1:
        return "time()";
      case 2:
        return absl::StrCat("scalar(", Vector(depth - 1, kExact), ")");
      case 3:
        return absl::StrCat("(", Scalar(depth - 1), Of(std::array{" + ", " - ", " * ", " > bool "}),
                            Scalar(depth - 1), ")");
      default:
        return Number();
    }
  }

  std::string Duration() {
    return Of(std::array{"10s", "30s", "1m", "5s", "25s", "90s", "5m", "15.5", "1s"});
  }

  std::string Shift() {
    switch (choices_.Below(9)) {
      case 1:
        return absl::StrCat(" offset ", Duration());
      case 2:
        return absl::StrCat(" offset -", Duration());
      case 3:
        return Of(std::array{" @ 100", " @ 33.3", " @ -5", " @ 250"});
      case 4:
        return Of(std::array{" @ start()", " @ end()"});
      case 5:
        return absl::StrCat(" offset ", Duration(), " @ 120");
      default:
        return "";
    }
  }

  std::string Matchers() {
    switch (choices_.Below(8)) {
      case 1:
        return R"({a="x"})";
      case 2:
        return R"({b=~"1|2"})";
      case 3:
        return R"({b!="1"})";
      case 4:
        return R"({a=~".*",b!~"2"})";
      case 5:
        return R"({b=""})";
      default:
        return "";
    }
  }

  std::string Name() { return Of(std::array{"g", "h_total", "sparse", "g", "h_total", "none"}); }

  std::string Selector() {
    if (choices_.OneIn(12)) return R"({__name__=~"g|sparse"})";
    return absl::StrCat(Name(), Matchers());
  }

  std::string Range(int depth, Rounding rounding) {
    if (depth <= 1 || !choices_.OneIn(3)) {
      return absl::StrCat(Selector(), "[", Duration(), "]", Shift());
    }
    const std::string inner = Vector(depth - 2, rounding);
    const std::string step = Of(std::array{"10s", "", "7s", "30s", "1m", "13s"});
    return absl::StrCat("(", inner, ")[", Duration(), ":", step, "]", Shift());
  }

  std::string Grouping() {
    return Of(std::array{" ", " by (a) ", " by (b) ", " without (a) ", " by (a, b) ",
                         " without (b) ", " by (none) "});
  }

  std::string Matching() {
    return Of(std::array{" ", " on (a, b) ", " ignoring (b) ", " on (a) ", " on (b) group_left () ",
                         " on (a) group_right (b) ", " ignoring (a) group_left () ", " on () "});
  }

  std::string Vector(int depth, Rounding rounding) {
    if (depth <= 0) return absl::StrCat(Selector(), Shift());
    // Saying a thing twice, since the engine works it out once.
    if (!said_.empty() && choices_.OneIn(8)) return said_;
    const std::string inner = rounding == kExact ? ExactVector(depth) : LooseVector(depth);
    if (rounding == kExact) said_ = inner;
    return choices_.OneIn(10) ? absl::StrCat("(", inner, ")") : inner;
  }

  // Sums of quarters are exact, in whatever order.
  std::string ExactVector(int depth) {
    switch (choices_.Below(14)) {
      case 1:
        return absl::StrCat(Of(std::array{"sum", "min", "max", "count", "group"}), Grouping(), "(",
                            Vector(depth - 1, kExact), ")");
      case 2:
        return absl::StrCat(
            Of(std::array{"sum_over_time", "min_over_time", "max_over_time", "count_over_time",
                          "last_over_time", "present_over_time", "changes", "resets", "idelta",
                          "ts_of_max_over_time", "ts_of_min_over_time", "ts_of_last_over_time"}),
            "(", Range(depth, kExact), ")");
      case 3:
        return absl::StrCat("(", Vector(depth - 1, kExact),
                            Of(std::array{" + ", " - ", " > ", " <= bool ", " == ", " != "}),
                            Scalar(depth - 2), ")");
      case 4:
        return absl::StrCat("(", Vector(depth - 1, kExact), Of(std::array{" + ", " - "}),
                            Matching(), Vector(depth - 1, kExact), ")");
      case 5:
        return absl::StrCat("(", Vector(depth - 1, kExact),
                            Of(std::array{" > ", " == ", " < bool ", " >= ", " != bool "}),
                            Matching(), Vector(depth - 1, kExact), ")");
      case 6:
        return Sets(depth, kExact);
      case 7:
        return absl::StrCat(Of(std::array{"abs", "ceil", "floor", "sgn", "-", "+", "round"}), "(",
                            Vector(depth - 1, kExact), ")");
      case 8:
        return absl::StrCat(Of(std::array{"topk", "bottomk", "limitk"}), Grouping(), "(",
                            Of(std::array{"1", "2", "3", "0", "time() / 60"}), ", ", Selector(),
                            Shift(), ")");
      case 9:
        return Labelled(Vector(depth - 1, kExact));
      case 10:
        return absl::StrCat("count_values", Grouping(), "(\"v\", floor(", Selector(), " < 1e6))");
      case 11:
        return absl::StrCat(Of(std::array{"absent", "sort", "timestamp"}), "(",
                            Vector(depth - 1, kExact), ")");
      case 12:
        return absl::StrCat("sum by (__name__, a) (", Of(std::array{"", "-", "abs", "1 +"}), "(",
                            Selector(), Shift(), "))");
      case 13:
        return absl::StrCat(Of(std::array{"minute", "hour", "day_of_week", "month", "year"}),
                            "(abs(", Vector(depth - 1, kExact), "))");
      default:
        return absl::StrCat(Selector(), Shift());
    }
  }

  std::string LooseVector(int depth) {
    switch (choices_.Below(12)) {
      case 1:
        return absl::StrCat(Of(std::array{"sum", "avg", "min", "max", "count", "stddev", "stdvar"}),
                            Grouping(), "(", Vector(depth - 1, kExact), ")");
      case 2:
        return absl::StrCat(Of(std::array{"sum", "avg", "min", "max", "count"}), Grouping(), "(",
                            Vector(depth - 1, kLoose), ")");
      case 3:
        return absl::StrCat("quantile", Grouping(), "(",
                            Of(std::array{"0.5", "0.25", "1", "0", "-1", "2", "0.9"}), ", ",
                            Vector(depth - 1, kExact), ")");
      case 4:
        return absl::StrCat(
            Of(std::array{"rate", "increase", "delta", "irate", "deriv", "stddev_over_time",
                          "stdvar_over_time", "avg_over_time", "mad_over_time"}),
            "(", Range(depth, kExact), ")");
      case 5:
        return absl::StrCat(Of(std::array{"sum_over_time", "avg_over_time", "max_over_time",
                                          "last_over_time", "absent_over_time"}),
                            "(", Range(depth, kLoose), ")");
      case 6:
        return Parameterized(depth);
      case 7:
        return absl::StrCat("(", Vector(depth - 1, kLoose), Of(std::array{" + ", " - "}),
                            Matching(), Vector(depth - 1, kLoose), ")");
      case 8:
        return absl::StrCat("(", Vector(depth - 1, kExact),
                            Of(std::array{" * ", " / ", " % ", " atan2 "}), Matching(),
                            Vector(depth - 1, kExact), ")");
      case 9:
        return Sets(depth, kLoose);
      case 10:
        return absl::StrCat(Of(std::array{"sqrt", "ln", "rad", "deg", "cos", "tanh", "log2"}), "(",
                            Vector(depth - 1, kExact), ")");
      case 11:
        return Histogram();
      default:
        return Vector(depth - 1, kExact);
    }
  }

  std::string Parameterized(int depth) {
    switch (choices_.Below(5)) {
      case 0:
        return absl::StrCat("quantile_over_time(", Of(std::array{"0.5", "0.1", "1", "2"}), ", ",
                            Range(depth, kExact), ")");
      case 1:
        return absl::StrCat("predict_linear(", Range(depth, kExact), ", ", Scalar(0), ")");
      case 2:
        return absl::StrCat("double_exponential_smoothing(", Range(depth, kExact), ", 0.5, 0.25)");
      case 3:
        return absl::StrCat("clamp(", Vector(depth - 1, kLoose), ", ", Scalar(1), ", ", Scalar(1),
                            ")");
      default:
        return absl::StrCat("vector(", Scalar(depth - 1), ")");
    }
  }

  std::string Sets(int depth, Rounding rounding) {
    return absl::StrCat("(", Vector(depth - 1, rounding),
                        Of(std::array{" and ", " or ", " unless "}),
                        Of(std::array{"", "on (a) ", "ignoring (b) ", "on (b, a) "}),
                        Vector(depth - 1, rounding), ")");
  }

  std::string Labelled(const std::string& vector) {
    switch (choices_.Below(4)) {
      case 0:
        return absl::StrCat("label_replace(", vector, R"q(, "c", "v$1", "a", "(.*)"))q");
      case 1:
        return absl::StrCat("label_replace(", vector, R"q(, "b", "same", "a", "x"))q");
      case 2:
        return absl::StrCat("label_join(", vector, R"q(, "c", "-", "a", "b"))q");
      default:
        return absl::StrCat("label_replace(", vector, R"q(, "__name__", "n_$1", "b", "(.*)"))q");
    }
  }

  std::string Histogram() {
    const std::string buckets = choices_.OneIn(2) ? "sum by (le) (d_bucket)" : "d_bucket";
    if (choices_.OneIn(3)) {
      return absl::StrCat("histogram_fraction(", Of(std::array{"0", "0.25", "-1", "2"}), ", ",
                          Of(std::array{"1", "0.75", "2.5", "Inf", "0"}), ", ", buckets, ")");
    }
    return absl::StrCat("histogram_quantile(", Of(std::array{"0.5", "0.9", "0.1", "1", "0", "3"}),
                        ", ", buckets, ")");
  }

  Choices& choices_;
  std::string said_;  // The exact vector that was written last.
};

class SeriesMaker {
 public:
  explicit SeriesMaker(Choices& choices) : choices_(choices) {}

  std::vector<StoredSeries> Run() {
    for (const char* name : {"g", "h_total", "sparse"}) {
      for (const char* a : {"x", "y"}) {
        for (const char* b : {"1", "2", ""}) {
          if (choices_.OneIn(4)) continue;
          Add({{"__name__", name}, {"a", a}, {"b", b}}, name);
        }
      }
    }
    double count = 0;
    for (const char* le : {"0.5", "1", "2.5", "+Inf"}) {
      count += static_cast<double>(choices_.Below(5));
      std::vector<Sample> samples;
      for (int i = 0; i < 40; ++i) samples.push_back({i * 10 * kSecond, count * (i + 1)});
      series_.push_back({Labels{{"__name__", "d_bucket"}, {"le", le}}, std::move(samples)});
    }
    std::sort(series_.begin(), series_.end(),
              [](const StoredSeries& a, const StoredSeries& b) { return a.labels < b.labels; });
    return std::move(series_);
  }

 private:
  void Add(Labels labels, absl::string_view name) {
    const bool counter = name == "h_total";
    const int64_t gap = name == "sparse" ? 45 * kSecond : 10 * kSecond;
    const size_t count = choices_.Below(40);
    auto time = static_cast<int64_t>(choices_.Below(20)) * kSecond;
    double value = static_cast<double>(choices_.Below(64)) / 4;
    std::vector<Sample> samples;
    for (size_t i = 0; i < count; ++i) {
      value = counter ? Grown(value) : Walked(value);
      const bool odd = choices_.OneIn(24);
      samples.push_back({time, odd ? Odd(counter) : value});
      time +=
          gap + (choices_.OneIn(16) ? static_cast<int64_t>(choices_.Below(400)) * kSecond / 2 : 0);
    }
    series_.push_back({std::move(labels), std::move(samples)});
  }

  double Grown(double value) {
    if (choices_.OneIn(16)) return static_cast<double>(choices_.Below(8)) / 4;
    return value + static_cast<double>(choices_.Below(32)) / 4;
  }

  double Walked(double value) { return value + (static_cast<double>(choices_.Below(33)) - 16) / 4; }

  double Odd(bool counter) {
    const size_t kind = choices_.Below(4);
    if (counter || kind < 2) return storage::StaleMarker();
    return kind == 2 ? std::nan("") : HUGE_VAL;
  }

  Choices& choices_;
  std::vector<StoredSeries> series_;
};

}  // namespace

size_t Choices::Below(size_t count) {
  size_t value = 0;
  for (size_t limit = 1; limit < count; limit *= 256) {
    value = value * 256 + (next_ < size_ ? bytes_[next_++] : 0);
  }
  return value % count;
}

RandomQuery MakeRandomQuery(Choices& choices) {
  RandomQuery query;
  query.name_removal = choices.OneIn(2) ? NameRemoval::kDelayed : NameRemoval::kAtOnce;
  query.steps.start_millis = static_cast<int64_t>(choices.Below(400)) * kSecond - 20 * kSecond;
  constexpr std::array<int64_t, 6> kStepMillis = {10'000, 1'000, 7'000, 30'000, 60'000, 3'333};
  query.steps.step_millis = kStepMillis[choices.Below(kStepMillis.size())];
  const size_t steps = choices.OneIn(8) ? choices.Below(140) : choices.Below(12);
  query.steps.end_millis =
      query.steps.start_millis + static_cast<int64_t>(steps) * query.steps.step_millis;
  query.expression = Writer(choices).Query();
  query.series = SeriesMaker(choices).Run();
  return query;
}

}  // namespace ora::promql::oracle

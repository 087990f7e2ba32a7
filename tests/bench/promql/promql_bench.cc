// CPU per query over 1,000 series of 720 samples (two hours, one every 10 s).
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/engine.h"
#include "benchmark/benchmark.h"

namespace ora::promql {
namespace {

constexpr int kSeries = 1000;
constexpr int kSamples = 720;
constexpr int64_t kGapMillis = 10'000;

// Counters in memory, already columns: what is measured is the engine.
class Counters : public storage::SeriesReader {
 public:
  Counters() {
    for (int i = 0; i < kSeries; ++i) {
      storage::SampleColumns columns;
      for (int j = 0; j < kSamples; ++j) {
        columns.time_millis.push_back(j * kGapMillis + i % 1000);
        columns.values.push_back(static_cast<double>((j % 500) * (i + 1)));
      }
      series_.emplace_back(storage::Labels{{"__name__", "requests_total"},
                                           {"instance", absl::StrCat("host-", i / 10)},
                                           {"job", "node"},
                                           {"mode", absl::StrCat("mode-", i % 10)}},
                           std::move(columns));
    }
  }

  absl::StatusOr<std::unique_ptr<storage::SeriesCursor>> Select(
      const storage::SelectRequest&) override {
    return std::make_unique<Cursor>(series_);
  }
  absl::StatusOr<std::vector<std::string>> LabelNames(
      const std::vector<storage::Matcher>&) override {
    return std::vector<std::string>();
  }
  absl::StatusOr<std::vector<std::string>> LabelValues(
      absl::string_view, const std::vector<storage::Matcher>&) override {
    return std::vector<std::string>();
  }

 private:
  using Series = std::vector<std::pair<storage::Labels, storage::SampleColumns>>;

  struct Cursor : storage::SeriesCursor {
    explicit Cursor(const Series& all) : series(all) {}
    bool Next() override { return next++ < series.size(); }
    const storage::Labels& labels() const override { return series[next - 1].first; }
    absl::Status ReadSamples(storage::SampleColumns& columns) override {
      columns = series[next - 1].second;
      return absl::OkStatus();
    }
    size_t series_count() const override { return series.size(); }
    std::vector<std::string> warnings() const override { return {}; }

    const Series& series;
    size_t next = 0;
  };

  Series series_;
};

void RunQuery(benchmark::State& state, const char* expression) {
  Counters counters;
  Engine engine(counters);
  const QuerySteps steps{0, kSamples * kGapMillis, 60'000};
  for (auto _ : state) {
    auto result = engine.Range(expression, steps, QueryContext());
    if (!result.ok()) state.SkipWithError(std::string(result.status().message()).c_str());
    benchmark::DoNotOptimize(result);
  }
}

BENCHMARK_CAPTURE(RunQuery, selector, "requests_total")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RunQuery, sum_by_rate, "sum by (mode) (rate(requests_total[5m]))")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RunQuery, avg_over_time, "avg(avg_over_time(requests_total[5m]))")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RunQuery, stddev_1h, "avg(stddev_over_time(requests_total[1h]))")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RunQuery, predict_1h, "avg(predict_linear(requests_total[1h], 3600))")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RunQuery, quantile_1h, "avg(quantile_over_time(0.9, requests_total[1h]))")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RunQuery, mad_1h, "avg(mad_over_time(requests_total[1h]))")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(RunQuery, ratio,
                  "sum by (instance) (rate(requests_total[5m])) / "
                  "sum by (instance) (rate(requests_total[5m]))")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ora::promql

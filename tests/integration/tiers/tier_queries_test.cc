// The same queries over raw samples, and over what is left of them when they are gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "aggregator/promql/engine.h"
#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kHourSeconds = 3'600;
constexpr absl::Duration kDay = absl::Hours(24);

class TierQueriesTest : public StoreTest {
 protected:
  void SetUp() override {
    options_.out_of_order_window = 10 * kDay;
    options_.retention = {.raw = 10 * kDay, .five_minutes = 60 * kDay, .one_hour = 400 * kDay};
    StoreTest::SetUp();
    Fill();
  }

  // Two days of a sample every 10 s, in the middle of each, so that windows and buckets have the
  // same ones; a counter that is reset now and then, and a gauge.
  void Fill() {
    std::mt19937_64 random(1);
    Points counter;
    Points gauge;
    double total = 0;
    double load = 50;
    for (int64_t second = -3 * kDaySeconds + 5; second < -kDaySeconds; second += 10) {
      total = random() % 1'000 == 0 ? 0 : total + static_cast<double>(40 + random() % 20);
      load += static_cast<double>(random() % 21) - 10;
      counter.emplace_back(second, total);
      gauge.emplace_back(second, load);
    }
    Append(Series("lines_total"), counter);
    Append(Series("load"), gauge);
    ASSERT_TRUE(store_->Settle().ok());
  }

  struct Answer {
    SampleColumns samples;
    std::vector<std::string> warnings;
  };

  // Over the second of the days.
  Answer Ask(absl::string_view expression, int64_t step_seconds) {
    promql::Engine engine(*store_);
    const auto result =
        engine.Range(expression, {At(-2 * kDaySeconds), At(-kDaySeconds), step_seconds * 1'000},
                     promql::QueryContext());
    EXPECT_TRUE(result.ok()) << result.status();
    const auto& matrix = std::get<promql::Matrix>(result->value);
    EXPECT_EQ(matrix.size(), 1u) << expression;
    return {matrix.empty() ? SampleColumns{} : matrix[0].samples, result->warnings};
  }

  void PassDays(int days) {
    clock_.Advance(days * kDay);
    ASSERT_TRUE(store_->ExpireOld().ok());
  }

  // The mean and the largest of the differences, relative to the mean of what is expected.
  struct Difference {
    double mean = 0;
    double most = 0;
  };
  static Difference Compare(const SampleColumns& seen, const SampleColumns& expected) {
    EXPECT_EQ(seen.time_millis, expected.time_millis);
    Difference difference;
    double sum = 0;
    for (size_t i = 0; i < std::min(seen.size(), expected.size()); ++i) {
      const double apart = std::abs(seen.values[i] - expected.values[i]);
      difference.mean += apart;
      difference.most = std::max(difference.most, apart);
      sum += std::abs(expected.values[i]);
    }
    difference.mean /= sum;
    difference.most /= sum / static_cast<double>(expected.size());
    return difference;
  }
};

struct QueryCase {
  const char* name;
  const char* expression;
  int64_t step_seconds;
  int days;  // Until it is asked again: 20 leave the tier of 5 min, 80 that of 1 h.
  double mean_difference_max;
  double most_difference_max;
};

class TierQueryCasesTest : public TierQueriesTest, public testing::WithParamInterface<QueryCase> {};

TEST_P(TierQueryCasesTest, AnswersAsTheRawSamplesDid) {
  const QueryCase& query = GetParam();
  const Answer raw = Ask(query.expression, query.step_seconds);
  EXPECT_THAT(raw.warnings, IsEmpty());
  PassDays(query.days);
  const Answer tier = Ask(query.expression, query.step_seconds);
  EXPECT_THAT(tier.warnings, Contains(HasSubstr("downsampled: before ")));
  const Difference difference = Compare(tier.samples, raw.samples);
  EXPECT_LE(difference.mean, query.mean_difference_max);
  EXPECT_LE(difference.most, query.most_difference_max);
}

constexpr double kExact = 0;
constexpr double kRounding = 1e-12;

INSTANTIATE_TEST_SUITE_P(
    Tiers, TierQueryCasesTest,
    testing::Values(
        QueryCase{"Maximum", "max_over_time(load[1h])", kHourSeconds, 20, kExact, kExact},
        QueryCase{"Minimum", "min_over_time(load[5m])", 300, 20, kExact, kExact},
        QueryCase{"Sum", "sum_over_time(load[1h])", kHourSeconds, 20, kRounding, kRounding},
        QueryCase{"Mean", "avg_over_time(load[1h])", kHourSeconds, 20, kRounding, kRounding},
        QueryCase{"LastValue", "load", 300, 20, kExact, kExact},
        QueryCase{"MaximumOfHours", "max_over_time(load[6h])", kHourSeconds, 80, kExact, kExact},
        QueryCase{"LastValueOfHours", "load", kHourSeconds, 80, kExact, kExact},
        QueryCase{"Increase", "increase(lines_total[1h])", kHourSeconds, 20, 0.01, 0.05},
        QueryCase{"IncreaseOfADay", "increase(lines_total[1d])", kDaySeconds, 20, 0.001, 0.001},
        // A bucket with a reset in it is far off, as any rate of two samples is.
        QueryCase{"RateOfABucket", "rate(lines_total[5m])", 300, 20, 0.02, 1},
        QueryCase{"RateBetweenBuckets", "rate(lines_total[5m])", 77, 20, 0.03, 1},
        QueryCase{"IncreaseOfHours", "increase(lines_total[6h])", kHourSeconds, 80, 0.01, 0.05}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ora::storage

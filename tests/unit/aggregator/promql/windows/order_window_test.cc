#include "aggregator/promql/eval/windows/order_window.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "aggregator/promql/eval/statistics.h"
#include "gtest/gtest.h"

namespace ora::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void ExpectSame(double got, double want) {
  if (std::isnan(want)) {
    ASSERT_TRUE(std::isnan(got));
  } else {
    ASSERT_EQ(got, want);
  }
}

// Windows that grow, slide, jump and are narrow, over values of which many are equal.
template <typename Visit>
void ForRandomWindows(const std::vector<double>& odd, Visit visit) {
  std::mt19937_64 random(4);
  OrderWindow order;
  for (int turn = 0; turn < 40; ++turn) {
    std::vector<double> values(1 + random() % 300);
    for (double& value : values) {
      value = static_cast<double>(random() % 40) - 20 + static_cast<double>(random() % 2) / 4;
      if (!odd.empty() && random() % 5 == 0) value = odd[random() % odd.size()];
    }
    order.Begin(values);
    size_t begin = 0;
    size_t end = 0;
    while (end < values.size()) {
      begin = std::min(begin + random() % 20, values.size() - 1);
      end = std::min(std::max(end, begin + 1) + random() % 30, values.size());
      order.MoveTo(begin, end);
      ASSERT_EQ(order.size(), end - begin);
      visit(order, std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                       values.begin() + static_cast<std::ptrdiff_t>(end)));
    }
  }
}

TEST(OrderWindowTest, GivesTheQuantilesOfItsValues) {
  ForRandomWindows({}, [](const OrderWindow& order, const std::vector<double>& values) {
    for (const double q : {-1.0, 0.0, 0.1, 0.5, 0.77, 1.0, 1.5, std::nan("")}) {
      std::vector<double> copy = values;
      ExpectSame(order.QuantileOf(q), Quantile(q, copy));
    }
  });
}

TEST(OrderWindowTest, NotANumberComesBeforeAllNumbers) {
  ForRandomWindows({std::nan(""), kInfinity, -kInfinity},
                   [](const OrderWindow& order, const std::vector<double>& values) {
                     const auto odd = std::count_if(values.begin(), values.end(), [](double value) {
                       return !std::isfinite(value);
                     });
                     ASSERT_EQ(order.not_finite(), static_cast<size_t>(odd));
                     for (const double q : {0.0, 0.3, 0.5, 1.0}) {
                       std::vector<double> copy = values;
                       ExpectSame(order.QuantileOf(q), Quantile(q, copy));
                     }
                   });
}

TEST(OrderWindowTest, GivesTheMedianOfTheDistancesFromTheMedian) {
  ForRandomWindows({}, [](const OrderWindow& order, std::vector<double> values) {
    const double median = Quantile(0.5, values);
    for (double& value : values) value = std::fabs(value - median);
    ExpectSame(order.MedianDeviation(), Quantile(0.5, values));
  });
}

}  // namespace
}  // namespace ora::promql

#include "aggregator/promql/eval/windows/window_folds.h"

#include <cmath>
#include <limits>
#include <random>

#include "aggregator/promql/eval/windows/window_edges.h"
#include "gtest/gtest.h"

namespace ora::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kSteps = 50;

struct WindowCase {
  const char* name;
  int64_t range_millis;
  int64_t step_millis;
};

// Samples 7 to 13 ms apart, and windows over them that may overlap, touch, or leave gaps.
class SlidingFoldTest : public testing::TestWithParam<WindowCase> {
 protected:
  SlidingFoldTest() {
    std::mt19937_64 random(1);
    int64_t time = 0;
    for (int i = 0; i < 400; ++i) {
      time += 7 + static_cast<int64_t>(random() % 7);
      times_.push_back(time);
      values_.push_back(static_cast<double>(random() % 1000) / 8);
    }
    for (size_t step = 0; step < kSteps; ++step) {
      ends_millis_.push_back(-100 + static_cast<int64_t>(step) * GetParam().step_millis);
    }
  }

  template <typename Fold>
  GridSeries Slide() {
    WindowEdges edges;
    FindEdges(times_, ends_millis_, GetParam().range_millis, edges);
    GridSeries result(storage::Labels(), kSteps);
    SlidingFold<Fold> fold;
    fold.Slide({times_, values_}, edges, result);
    return result;
  }

  // The window's samples, found one by one.
  std::vector<double> WindowAt(size_t step) const {
    std::vector<double> window;
    for (size_t i = 0; i < times_.size(); ++i) {
      if (times_[i] > ends_millis_[step] - GetParam().range_millis &&
          times_[i] <= ends_millis_[step]) {
        window.push_back(values_[i]);
      }
    }
    return window;
  }

  template <typename Fold>
  void ExpectAsWhole() {
    const GridSeries result = Slide<Fold>();
    for (size_t step = 0; step < kSteps; ++step) {
      const std::vector<double> window = WindowAt(step);
      ASSERT_EQ(result.present.Get(step), !window.empty()) << "step " << step;
      if (window.empty()) continue;
      const double whole = *Fold::Result(Fold::Of({{}, window}), {{}, window}, step);
      if (std::isnan(whole)) {
        ASSERT_TRUE(std::isnan(result.values[step])) << "step " << step;
      } else {
        ASSERT_EQ(result.values[step], whole) << "step " << step;
      }
    }
  }

  std::vector<int64_t> times_;
  std::vector<double> values_;
  std::vector<int64_t> ends_millis_;
};

TEST_P(SlidingFoldTest, GivesWhatTheWholeWindowGives) {
  ExpectAsWhole<SumFold>();
  ExpectAsWhole<AvgFold>();
  ExpectAsWhole<MaxFold>();
  ExpectAsWhole<MinFold>();
}

TEST_P(SlidingFoldTest, NotANumberDoesNotLeaveTheWindowsThatItIsIn) {
  for (size_t i = 0; i < values_.size(); i += 9) values_[i] = std::nan("");
  ExpectAsWhole<SumFold>();
  ExpectAsWhole<MaxFold>();
  ExpectAsWhole<MinFold>();
}

TEST_P(SlidingFoldTest, AnInfinityIsGoneOnceItHasLeftTheWindow) {
  values_[100] = kInfinity;
  values_[101] = 1e300;
  ExpectAsWhole<SumFold>();
  ExpectAsWhole<AvgFold>();
  ExpectAsWhole<MaxFold>();
}

INSTANTIATE_TEST_SUITE_P(Windows, SlidingFoldTest,
                         testing::Values(WindowCase{"overlapping", 500, 20},
                                         WindowCase{"nearly_all", 3000, 60},
                                         WindowCase{"no_multiple", 130, 60},
                                         WindowCase{"touching", 80, 80},
                                         WindowCase{"apart", 20, 90}, WindowCase{"still", 900, 0}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SumOfTest, LosesNothingToLargeNumbersThatCancelOut) {
  std::vector<double> values = {1e100};
  for (int i = 0; i < 40; ++i) values.push_back(0.5);
  values.push_back(-1e100);
  EXPECT_EQ(SumFold::Result(SumOf(values), {{}, values}, 0), 20);
}

TEST(SumOfTest, AMeanOfNumbersWhoseSumOverflowsIsFinite) {
  const std::vector<double> values(20, 1.5e308);
  EXPECT_DOUBLE_EQ(*AvgFold::Result(SumOf(values), {{}, values}, 0), 1.5e308);
  EXPECT_EQ(SumFold::Result(SumOf(values), {{}, values}, 0), kInfinity);
}

TEST(LargestOfTest, NotANumberOnlyWhereThereIsNoNumber) {
  const double nan = std::nan("");
  EXPECT_TRUE(std::isnan(LargestOf({nan, nan, nan, nan, nan})));
  EXPECT_EQ(LargestOf({nan, -kInfinity, nan}), -kInfinity);
  EXPECT_EQ(SmallestOf({nan, 3, nan, kInfinity, 2}), 2);
  EXPECT_EQ(SmallestOf({kInfinity}), kInfinity);
}

}  // namespace
}  // namespace ora::promql

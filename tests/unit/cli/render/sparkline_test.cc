#include "cli/render/sparkline.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace ora::cli {
namespace {

constexpr SparklineFrame kFrame{.start_millis = 0, .end_millis = 8'000, .width = 8};

TEST(SparklineTest, RisesWithItsValues) {
  EXPECT_EQ(
      Sparkline({500, 1500, 2500, 3500, 4500, 5500, 6500, 7500}, {0, 1, 2, 3, 4, 5, 6, 7}, kFrame),
      "▁▂▃▄▅▆▇█");
}

TEST(SparklineTest, LeavesGapsBlankAndSkipsNan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Sparkline({0, 1000, 8000}, {1, nan, 2}, kFrame), "▁      █");
}

TEST(SparklineTest, DrawsAFlatSeriesLow) {
  EXPECT_EQ(Sparkline({0, 8000}, {3, 3}, kFrame), "▁      ▁");
}

TEST(SparklineTest, DrawsOneInstant) {
  EXPECT_EQ(Sparkline({5}, {3}, {.start_millis = 5, .end_millis = 5, .width = 3}), "▁  ");
}

TEST(SparklineTest, AveragesWhatFallsIntoOneColumn) {
  EXPECT_EQ(Sparkline({0, 1, 2, 7999}, {0, 10, 2, 4},
                      {.start_millis = 0, .end_millis = 8000, .width = 2}),
            "▁▁");
}

}  // namespace
}  // namespace ora::cli

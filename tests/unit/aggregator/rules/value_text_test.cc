#include "aggregator/rules/value_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ora::aggregator {
namespace {

TEST(ValueTextTest, WritesAValueInItsUnit) {
  EXPECT_EQ(ValueWithUnit(64.51, "percent"), "64.51 %");
  EXPECT_EQ(ValueWithUnit(10.1, "percent"), "10.10 %");
  EXPECT_EQ(ValueWithUnit(2.1, "seconds"), "2.10 s");
  EXPECT_EQ(ValueWithUnit(1023, "bytes"), "1023 B");
  EXPECT_EQ(ValueWithUnit(1024, "bytes"), "1.00 KiB");
  EXPECT_EQ(ValueWithUnit(1.5 * (1 << 30), "bytes"), "1.50 GiB");
  EXPECT_EQ(ValueWithUnit(0.645, "ratio"), "0.65");
  EXPECT_EQ(ValueWithUnit(120, "errors"), "120 errors");
  EXPECT_EQ(ValueWithUnit(0, ""), "0");
  EXPECT_EQ(ValueWithUnit(NAN, "percent"), "NaN");
  EXPECT_EQ(ValueWithUnit(INFINITY, "bytes"), "+Inf");
}

TEST(ValueTextTest, HumanizesAsPrometheusDoes) {
  EXPECT_EQ(Humanize(0), "0");
  EXPECT_EQ(Humanize(1), "1");
  EXPECT_EQ(Humanize(1234567), "1.235M");
  EXPECT_EQ(Humanize(0.12), "120m");
  EXPECT_EQ(Humanize1024(1048576), "1Mi");
  EXPECT_EQ(HumanizePercentage(0.6451), "64.51%");
  EXPECT_EQ(HumanizeDuration(0), "0s");
  EXPECT_EQ(HumanizeDuration(0.5), "500ms");
  EXPECT_EQ(HumanizeDuration(-60), "-1m 0s");
  EXPECT_EQ(HumanizeDuration(3725), "1h 2m 5s");
  EXPECT_EQ(HumanizeDuration(90'061), "1d 1h 1m 1s");
}

TEST(ValueTextTest, WritesTheShortestDecimal) {
  EXPECT_EQ(PlainNumber(64.51), "64.51");
  EXPECT_EQ(PlainNumber(-3), "-3");
  EXPECT_EQ(PlainNumber(-INFINITY), "-Inf");
  EXPECT_EQ(FixedNumber(64.514, 2), "64.51");
}

}  // namespace
}  // namespace ora::aggregator

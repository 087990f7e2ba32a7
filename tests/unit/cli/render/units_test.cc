#include "cli/render/units.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace ora::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(HumanBytesTest, ChoosesTheUnit) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "1.0 kB");
  EXPECT_EQ(HumanBytes(1'234'567), "1.2 MB");
  EXPECT_EQ(HumanBytes(99'960), "100 kB");
  EXPECT_EQ(HumanBytes(999'499), "999 kB");
  EXPECT_EQ(HumanBytes(999'500), "1.0 MB");
  EXPECT_EQ(HumanBytes(2e30), "2000000000000 EB");
  EXPECT_EQ(HumanBytes(std::nan("")), "NaN");
}

TEST(HumanCountTest, SetsCommas) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(1000), "1,000");
  EXPECT_EQ(HumanCount(18'446'744'073'709'551'615U), "18,446,744,073,709,551,615");
}

TEST(HumanDurationTest, SaysAtMostTwoUnits) {
  EXPECT_EQ(HumanDuration(absl::ZeroDuration()), "0s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(450)), "450ms");
  EXPECT_EQ(HumanDuration(absl::Seconds(192)), "3m 12s");
  EXPECT_EQ(HumanDuration(absl::Minutes(10)), "10m");
  EXPECT_EQ(HumanDuration(absl::Hours(52) + absl::Seconds(1)), "2d 4h");
  EXPECT_EQ(HumanDuration(absl::Hours(48) + absl::Minutes(3)), "2d");
  EXPECT_EQ(HumanDuration(absl::Seconds(-5)), "-5s");
}

TEST(HumanAgeTest, SaysPastAndFuture) {
  const absl::Time now = absl::FromUnixSeconds(1'000);
  EXPECT_EQ(HumanAge(now - absl::Seconds(192), now), "3m 12s ago");
  EXPECT_EQ(HumanAge(now + absl::Seconds(5), now), "in 5s");
  EXPECT_EQ(HumanAge(now - absl::Milliseconds(999), now), "now");
}

TEST(HumanSecondsTest, ChoosesTheUnit) {
  EXPECT_EQ(HumanSeconds(0), "0 s");
  EXPECT_EQ(HumanSeconds(0.000085), "85 us");
  EXPECT_EQ(HumanSeconds(0.12), "120 ms");
  EXPECT_EQ(HumanSeconds(2.1), "2.10 s");
  EXPECT_EQ(HumanSeconds(192), "3m 12s");
  EXPECT_EQ(HumanSeconds(kInfinity), "+Inf");
}

TEST(HumanValueTest, KnowsTheUnitsOfAlerts) {
  EXPECT_EQ(HumanValue(64.5123, "percent"), "64.51 %");
  EXPECT_EQ(HumanValue(0.5, "ratio"), "50.00 %");
  EXPECT_EQ(HumanValue(2.1, "seconds"), "2.10 s");
  EXPECT_EQ(HumanValue(1.5e6, "bytes"), "1.5 MB");
  EXPECT_EQ(HumanValue(12, "errors"), "12 errors");
  EXPECT_EQ(HumanValue(1.0 / 3, ""), "0.333333");
}

struct NumberCase {
  double number;
  const char* text;
};

class ExactNumberTest : public testing::TestWithParam<NumberCase> {};

TEST_P(ExactNumberTest, WritesAsPrometheusDoes) {
  EXPECT_EQ(ExactNumber(GetParam().number), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, ExactNumberTest,
    testing::Values(NumberCase{0, "0"}, NumberCase{-0.0, "-0"}, NumberCase{1, "1"},
                    NumberCase{-12.5, "-12.5"}, NumberCase{100, "100"}, NumberCase{0.1, "0.1"},
                    NumberCase{0.000001, "0.000001"}, NumberCase{0.00000123, "0.00000123"},
                    NumberCase{9.99e-7, "9.99e-07"}, NumberCase{1e20, "100000000000000000000"},
                    NumberCase{123456789012345678901.0, "123456789012345680000"},
                    NumberCase{1e21, "1e+21"}, NumberCase{-1.5e300, "-1.5e+300"},
                    NumberCase{5e-324, "5e-324"}, NumberCase{1e9 + 0.5, "1000000000.5"},
                    NumberCase{kInfinity, "+Inf"}, NumberCase{-kInfinity, "-Inf"},
                    NumberCase{std::nan(""), "NaN"}));

TEST(ExactUnixSecondsTest, HasThreeDigitsOrNone) {
  EXPECT_EQ(ExactUnixSeconds(1'500'000'000'000), "1500000000");
  EXPECT_EQ(ExactUnixSeconds(1'500), "1.500");
  EXPECT_EQ(ExactUnixSeconds(-1), "-0.001");
}

}  // namespace
}  // namespace ora::cli

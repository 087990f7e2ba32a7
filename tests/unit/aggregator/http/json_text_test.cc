#include "aggregator/http/json_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ora::aggregator {
namespace {

std::string Value(double value) {
  std::string text;
  AppendJsonValue(value, text);
  return text;
}

std::string Seconds(int64_t millis) {
  std::string text;
  AppendJsonSeconds(millis, text);
  return text;
}

std::string Quoted(absl::string_view value) {
  std::string text;
  AppendJsonText(value, text);
  return text;
}

TEST(JsonTextTest, ValuesAreTheShortestDecimalsAsGoLaysThemOut) {
  EXPECT_EQ(Value(0), "\"0\"");
  EXPECT_EQ(Value(-0.0), "\"-0\"");
  EXPECT_EQ(Value(0.1), "\"0.1\"");
  EXPECT_EQ(Value(-1234.5), "\"-1234.5\"");
  EXPECT_EQ(Value(1e20), "\"100000000000000000000\"");
  EXPECT_EQ(Value(1.2345678901234568e20), "\"123456789012345680000\"");
  EXPECT_EQ(Value(1e21), "\"1e+21\"");
  EXPECT_EQ(Value(-1.5e300), "\"-1.5e+300\"");
  EXPECT_EQ(Value(1e-6), "\"0.000001\"");
  EXPECT_EQ(Value(9.9e-7), "\"9.9e-07\"");
  EXPECT_EQ(Value(5e-324), "\"5e-324\"");
  EXPECT_EQ(Value(std::nan("")), "\"NaN\"");
  EXPECT_EQ(Value(HUGE_VAL), "\"+Inf\"");
  EXPECT_EQ(Value(-HUGE_VAL), "\"-Inf\"");
}

TEST(JsonTextTest, TimesAreSecondsWithThreeDigitsOrNone) {
  EXPECT_EQ(Seconds(0), "0");
  EXPECT_EQ(Seconds(1'500), "1.500");
  EXPECT_EQ(Seconds(1'795'438'803'001), "1795438803.001");
  EXPECT_EQ(Seconds(-1'500), "-1.500");
  EXPECT_EQ(Seconds(-20), "-0.020");
  EXPECT_EQ(Seconds(60'000), "60");
}

TEST(JsonTextTest, TextsAreEscapedAndAlwaysUtf8) {
  EXPECT_EQ(Quoted("a\"\\\n\r\t\x01/é€𝄞"), "\"a\\\"\\\\\\n\\r\\t\\u0001/é€𝄞\"");
  EXPECT_EQ(Quoted("a\xff"
                   "b\xc3"),
            "\"a\\ufffdb\\ufffd\"");
  EXPECT_EQ(Quoted("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");  // A surrogate is no character.
}

}  // namespace
}  // namespace ora::aggregator

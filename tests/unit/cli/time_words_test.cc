#include "cli/time_words.h"

#include <gtest/gtest.h>

namespace ora::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

TEST(ParseDurationTest, ReadsUnits) {
  EXPECT_EQ(*ParseDuration("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(*ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("1w2d"), absl::Hours(9 * 24));
  EXPECT_EQ(*ParseDuration("1.5h"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("15"), absl::Seconds(15));
  EXPECT_EQ(*ParseDuration("36525d"), absl::Hours(24 * 36'525));
}

TEST(ParseDurationTest, RefusesTheRest) {
  for (const char* text :
       {"", "h", "5x", "-5s", "5s ", "1e3s", "inf", "1.2.3", "36526d", ".5s", "5 s"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ParseTimeTest, ReadsEveryForm) {
  EXPECT_EQ(*ParseTime("now", kNow), kNow);
  EXPECT_EQ(*ParseTime("now-1h", kNow), kNow - absl::Hours(1));
  EXPECT_EQ(*ParseTime("now+5m", kNow), kNow + absl::Minutes(5));
  EXPECT_EQ(*ParseTime("-1h", kNow), kNow - absl::Hours(1));
  EXPECT_EQ(*ParseTime("1500000000", kNow), absl::FromUnixSeconds(1'500'000'000));
  EXPECT_EQ(*ParseTime("1500000000.1", kNow), absl::FromUnixMillis(1'500'000'000'100));
  EXPECT_EQ(*ParseTime("2017-07-14T02:40:00Z", kNow), absl::FromUnixSeconds(1'500'000'000));
  EXPECT_EQ(*ParseTime("2017-07-14T04:40:00.5+02:00", kNow),
            absl::FromUnixMillis(1'500'000'000'500));
  EXPECT_EQ(*ParseTime("253402300799", kNow), absl::FromUnixSeconds(253'402'300'799));
  EXPECT_EQ(*ParseTime("9999-12-31T23:59:59Z", kNow), absl::FromUnixSeconds(253'402'300'799));
  EXPECT_EQ(*ParseTime("2017-07-14", kNow), absl::FromUnixSeconds(1'499'990'400));
}

TEST(ParseTimeTest, RefusesTheRest) {
  for (const char* text : {"", "yesterday", "now-", "now1h", "-", "1e400", "infinite-past", "nan",
                           "253402300800", "99999-01-01", "10000-01-01T00:00:00Z", "2017-13-01"}) {
    EXPECT_EQ(ParseTime(text, kNow).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace ora::cli

#include "collector/classify/durations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

struct DurationCase {
  const char* name;
  const char* text;
  double seconds;  // Negative: none.
};

void PrintTo(const DurationCase& duration, std::ostream* out) { *out << duration.text; }

class DurationTest : public testing::TestWithParam<DurationCase> {};

TEST_P(DurationTest, IsFoundInText) {
  const DurationCase& want = GetParam();
  // At every place within the blocks that are looked at together.
  for (int shift = 0; shift < 20; ++shift) {
    const std::string text = absl::StrCat(std::string(shift, '.'), " ", want.text);
    EXPECT_DOUBLE_EQ(FindDuration(text).value_or(-1), want.seconds < 0 ? -1 : want.seconds) << text;
  }
  EXPECT_DOUBLE_EQ(FindDuration(want.text).value_or(-1), want.seconds < 0 ? -1 : want.seconds);
}

INSTANTIATE_TEST_SUITE_P(
    Durations, DurationTest,
    testing::Values(
        DurationCase{"Took", "the request took 1.5s", 1.5},
        DurationCase{"In", "Completed 200 OK in 250ms (Views: 2)", 0.25},
        DurationCase{"Colon", "duration: 3 s", 3}, DurationCase{"Equals", "elapsed=12.5ms", 0.0125},
        DurationCase{"Enclosed", "query done (0.012 seconds)", 0.012},
        DurationCase{"Micro", "latency 250us", 250e-6},
        DurationCase{"MicroSign", "latency 250\xC2\xB5s", 250e-6},
        DurationCase{"Nano", "took 5ns", 5e-9},
        DurationCase{"Minutes", "finished in 2 minutes", 120},
        DurationCase{"Compound", "took 1m30.5s", 90.5},
        DurationCase{"WordAfter", "12 ms elapsed", 0.012},
        DurationCase{"FieldMillis", "x duration_ms=12 y", 0.012},
        DurationCase{"FieldSeconds", "x response_time: 0.5 y", 0.5},
        DurationCase{"RequestTime", "x rt=0.123", 0.123},
        DurationCase{"FirstWins", "took 2s, then took 3s", 2},
        DurationCase{"ADay", "took 86400s", 86400}, DurationCase{"MoreThanADay", "took 86401s", -1},
        DurationCase{"Negative", "took -5ms", -1}, DurationCase{"NoUnit", "took 5 tries", -1},
        DurationCase{"NoWord", "free space 30 m of rope", -1},
        DurationCase{"OtherUnit", "took 5 megabytes", -1},
        DurationCase{"Timeout", "timeout after 30s", -1},
        DurationCase{"Retry", "retrying in 5s", -1}, DurationCase{"Uptime", "uptime: 300 s", -1},
        DurationCase{"PartOfName", "in node5s", -1}, DurationCase{"Clock", "time 12:00:05 s", -1},
        DurationCase{"OtherField", "count=5", -1}, DurationCase{"Huge", "took 1e9s", -1}),
    [](const testing::TestParamInfo<DurationCase>& info) { return std::string(info.param.name); });

struct FieldCase {
  const char* key;
  const char* value;
  double seconds;  // Negative: none.
};

class DurationFieldTest : public testing::TestWithParam<FieldCase> {};

TEST_P(DurationFieldTest, HasItsUnitFromKeyOrValue) {
  const absl::optional<double> scale = DurationFieldScale(GetParam().key);
  ASSERT_TRUE(scale.has_value());
  EXPECT_DOUBLE_EQ(ParseDurationField(GetParam().value, *scale).value_or(-1), GetParam().seconds);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, DurationFieldTest,
    testing::Values(FieldCase{"duration_ms", "12.5", 0.0125}, FieldCase{"took", "2", 2},
                    FieldCase{"latency_ms", "7", 0.007}, FieldCase{"elapsed", "250ms", 0.25},
                    FieldCase{"duration_seconds", "1.25", 1.25},
                    FieldCase{"request_time", "0.001", 0.001}, FieldCase{"elapsed_us", "5", 5e-6},
                    FieldCase{"latency_ns", "5", 5e-9}, FieldCase{"durationMs", "5", 0.005},
                    FieldCase{"took", "5 apples", -1}, FieldCase{"took", "nan", -1},
                    FieldCase{"took", "-1", -1}, FieldCase{"took", "86401", -1}));

TEST(DurationFieldScaleTest, KnowsNoOtherFields) {
  for (const char* key : {"count", "time", "size_ms", "timeout_ms", "ms", "_ms", ""}) {
    EXPECT_EQ(DurationFieldScale(key), absl::nullopt) << key;
  }
}

// What each field's name and each unit behind it tell, one by one.
TEST(DurationFieldScaleTest, IsThatOfTheUnitBehindTheName) {
  const std::vector<std::pair<const char*, double>> units = {
      {"", 1},           {"_ms", 1e-3},
      {"Ms", 1e-3},      {".ms", 1e-3},
      {"_millis", 1e-3}, {"Millis", 1e-3},
      {"_msec", 1e-3},   {"_milliseconds", 1e-3},
      {"_us", 1e-6},     {"Us", 1e-6},
      {"_micros", 1e-6}, {"Micros", 1e-6},
      {"_usec", 1e-6},   {"_microseconds", 1e-6},
      {"_ns", 1e-9},     {"Ns", 1e-9},
      {"_nanos", 1e-9},  {"Nanos", 1e-9},
      {"_nsec", 1e-9},   {"_nanoseconds", 1e-9},
      {"_seconds", 1},   {"Seconds", 1},
      {"_secs", 1},      {"_sec", 1},
      {"_s", 1}};
  for (const std::string name : {"duration",
                                 "took",
                                 "elapsed",
                                 "latency",
                                 "response_time",
                                 "responseTime",
                                 "request_time",
                                 "requestTime",
                                 "elapsed_time",
                                 "elapsedTime",
                                 "time_taken",
                                 "timeTaken",
                                 "rt",
                                 "response_duration",
                                 "request_duration",
                                 "exec_time",
                                 "execution_time",
                                 "runtime",
                                 "process_time",
                                 "processing_time",
                                 "service_time",
                                 "total_time",
                                 "upstream_response_time",
                                 "dur",
                                 "responsetime"}) {
    for (const auto& [unit, seconds] : units) {
      const std::string key = name + unit;
      EXPECT_EQ(DurationFieldScale(key), absl::make_optional(seconds)) << key;
      const double in_text = key.find('.') == std::string::npos ? 7 * seconds : -1;
      EXPECT_DOUBLE_EQ(FindDuration("x " + key + "=7 y").value_or(-1), in_text) << key;
      EXPECT_EQ(DurationFieldScale("x" + key), absl::nullopt) << key;
      EXPECT_EQ(DurationFieldScale(key + "x"), absl::nullopt) << key;
    }
  }
}

TEST(DurationFieldTest, NumbersAreReadAsTheNearestDouble) {
  for (const char* number :
       {"0.1", "0.3", "1.005", "2.675", "86399.999999999", "0.000000000001", "12345.6789012345",
        "5.", "12345678901234567e-15", "1e3", "0.1000000000000000055511151231257827"}) {
    EXPECT_EQ(ParseDurationField(number, 1), absl::make_optional(strtod(number, nullptr)))
        << number;
  }
  for (const char* number : {"1.2.3", "1,5", "5x", "1.."}) {
    EXPECT_EQ(ParseDurationField(number, 1), absl::nullopt) << number;
  }
}

}  // namespace
}  // namespace ora::collector

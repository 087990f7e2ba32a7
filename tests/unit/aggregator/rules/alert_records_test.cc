#include "aggregator/rules/alert_records.h"

#include <gtest/gtest.h>

namespace ora::aggregator {
namespace {

TEST(AlertRecordsTest, AnIdNeverChanges) {
  const storage::Labels labels = {{"instance", "web"}, {"log", "/var/log/scheduler.log"}};
  EXPECT_EQ(AlertId("LogGrowth", labels), "e9f3085dd8c1f571");
}

TEST(AlertRecordsTest, AnIdTellsRuleAndLabelsApart) {
  EXPECT_NE(AlertId("a", {{"b", "c"}}), AlertId("ab", {{"c", "c"}}));
  EXPECT_NE(AlertId("a", {{"b", "cd"}}), AlertId("a", {{"bc", "d"}}));
  EXPECT_EQ(AlertId("a", {{"x", "1"}, {"y", "2"}}), AlertId("a", {{"y", "2"}, {"x", "1"}}));
}

TEST(AlertRecordsTest, ARecordSurvivesItsBytes) {
  state::v1::AlertRecord record;
  record.mutable_alert()->set_id("0123456789abcdef");
  record.mutable_alert()->set_state(v1::ALERT_STATE_FIRING);
  *record.mutable_false_since_time() = ToTimestamp(absl::FromUnixMillis(1'500));
  const auto read = DecodeAlertRecord(EncodeAlertRecord(record));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->DebugString(), record.DebugString());
}

TEST(AlertRecordsTest, BytesThatAreNoRecordAreDataLoss) {
  state::v1::AlertRecord stateless;
  for (const std::string& bytes : {std::string(), std::string("\x02"), std::string("\x01\xFF\xFF"),
                                   EncodeAlertRecord(stateless)}) {
    EXPECT_EQ(DecodeAlertRecord(bytes).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(AlertRecordsTest, TimesBeforeTheEpochRoundTrip) {
  for (const int64_t millis : {int64_t{-1}, int64_t{0}, int64_t{1'767'225'600'123}}) {
    EXPECT_EQ(FromTimestamp(ToTimestamp(absl::FromUnixMillis(millis))),
              absl::FromUnixMillis(millis));
  }
}

}  // namespace
}  // namespace ora::aggregator

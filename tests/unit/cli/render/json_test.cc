#include "cli/render/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "cli/render/csv.h"
#include "ora/v1/alert_service.pb.h"
#include "ora/v1/log_service.pb.h"

namespace ora::cli {
namespace {

v1::Alert FiringAlert() {
  v1::Alert alert;
  alert.set_id("00aa");
  alert.set_state(v1::ALERT_STATE_FIRING);
  alert.set_value(std::numeric_limits<double>::infinity());
  v1::Label* label = alert.mutable_labels()->add_labels();
  label->set_name("job");
  label->set_value("a \"b\"");
  alert.mutable_firing_time()->set_seconds(1'500'000'000);
  alert.mutable_firing_time()->set_nanos(500'000'000);
  return alert;
}

TEST(JsonTest, WritesAMessageWithAllItsFields) {
  EXPECT_EQ(PrettyJson(FiringAlert()), R"({
  "id": "00aa",
  "rule": "",
  "type": "unspecified",
  "severity": "unspecified",
  "state": "firing",
  "labels": {
    "job": "a \"b\""
  },
  "annotations": {},
  "value": "+Inf",
  "threshold": null,
  "unit": "",
  "recommended_action": "",
  "pending_time": null,
  "firing_time": "2017-07-14T02:40:00.5Z",
  "resolve_time": null,
  "last_true_time": null,
  "expression": "",
  "keep_firing_since_time": null
}
)");
}

TEST(JsonTest, WritesNumbersExactly) {
  v1::ErrorTypeCount count;
  count.set_type("x");
  count.set_errors(18'446'744'073'709'551'615U);
  EXPECT_EQ(CompactJson(count), R"({"type":"x","errors":18446744073709551615,"errors_total":0})");
}

TEST(JsonTest, WritesAnEmptyListAsBrackets) {
  EXPECT_EQ(PrettyJson(std::vector<const google::protobuf::Message*>()), "[]\n");
}

TEST(JsonTextTest, EscapesControlCharacters) {
  EXPECT_EQ(JsonText("a\n\x1b\x7f\xc2\x9b\\ü"), "\"a\\n\\u001b\\u007f\\u009b\\\\ü\"");
}

TEST(JsonTextTest, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(JsonText("a\xff\xc2-"), "\"a\uFFFD\uFFFD-\"");
  EXPECT_EQ(JsonText("\x9b"
                     "31m"),
            "\"\uFFFD31m\"");                           // CSI as one byte.
  EXPECT_EQ(JsonText("\xe2\x82"), "\"\uFFFD\uFFFD\"");  // Cut off.
}

TEST(CsvTest, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(CsvLine({"a", "b,c", "d\"e", "f\ng", ""}), "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n");
}

TEST(CsvTest, FlattensMessagesAndKeepsListsAsJson) {
  v1::LogAnalysis analysis;
  analysis.mutable_log()->set_path("/a,b.log");
  analysis.mutable_window()->set_seconds(600);
  v1::LevelCount* level = analysis.add_levels();
  level->set_level("info");
  level->set_lines(3);
  EXPECT_EQ(
      Csv(*v1::LogAnalysis::descriptor(), {&analysis}),
      "log.instance,log.path,log.component,log.category,log.size_bytes,log.storage_bytes,log.files,"
      "log.appended_bytes,log.lines,log.error_lines,log.lost_bytes,log.time,window,growth_bytes,"
      "growth_percent,levels,error_percent,error_types,response_times.count,"
      "response_times.mean_seconds,response_times.p50_seconds,response_times.p95_seconds,"
      "response_times.p99_seconds\n"
      ",\"/a,b.log\",,,0,0,0,0,0,0,0,,600,0,,"
      "\"[{\"\"level\"\":\"\"info\"\",\"\"lines\"\":3,\"\"lines_total\"\":0}]\",,[],,,,,\n");
}

TEST(CsvTest, WritesTimesAndEnumsWithoutQuotes) {
  const v1::Alert alert = FiringAlert();
  EXPECT_NE(Csv(*v1::Alert::descriptor(), {&alert}).find(",firing,"), std::string::npos);
  EXPECT_NE(Csv(*v1::Alert::descriptor(), {&alert}).find(",2017-07-14T02:40:00.5Z,"),
            std::string::npos);
}

}  // namespace
}  // namespace ora::cli

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

void AddUp(v1::LabelSet& labels, const std::string& instance) {
  v1::Label* name = labels.add_labels();
  name->set_name("__name__");
  name->set_value("up");
  v1::Label* label = labels.add_labels();
  label->set_name("instance");
  label->set_value(instance);
}

class QueryTest : public testing::Test {
 protected:
  FakeShell shell_;
};

TEST_F(QueryTest, ShowsAVectorAndItsWarnings) {
  v1::QueryResponse response;
  v1::InstantSeries* series = response.mutable_vector()->add_series();
  AddUp(*series->mutable_labels(), "web\x1b[2J");
  series->mutable_sample()->set_value(1.0 / 3);
  response.add_warnings("partial: web2");
  shell_.aggregator.query.answers = {response};
  EXPECT_EQ(shell_.Ora({"query", "up", "--time", "now-1h"}), 0);
  EXPECT_EQ(shell_.aggregator.query.requests[0].time().seconds(), FakeShell::kNowSeconds - 3'600);
  EXPECT_EQ(shell_.Out(),
            "SERIES                          VALUE\n"
            "up{instance=\"web\\u001b[2J\"}  0.333333\n");
  EXPECT_EQ(shell_.Err(), "ora: warning: partial: web2\n");
}

TEST_F(QueryTest, LeavesTheInstantToTheAggregatorUnlessTold) {
  v1::QueryResponse response;
  response.mutable_scalar()->set_value(2);
  shell_.aggregator.query.answers = {response};
  EXPECT_EQ(shell_.Ora({"query", "1 + 1"}), 0);
  EXPECT_FALSE(shell_.aggregator.query.requests[0].has_time());
  EXPECT_EQ(shell_.Out(), "2\n");
}

TEST_F(QueryTest, SaysThatNothingAnswers) {
  EXPECT_EQ(shell_.Ora({"query", "up"}), 0);
  EXPECT_EQ(shell_.Out(), "");
  EXPECT_EQ(shell_.Err(), "ora: the query answers no series\n");
}

TEST_F(QueryTest, AsksForARange) {
  EXPECT_EQ(shell_.Ora({"query", "up", "--start", "-1h", "--step", "1m", "-o", "json"}), 0);
  ASSERT_EQ(shell_.aggregator.range.requests.size(), 1U);
  const v1::QueryRangeRequest& request = shell_.aggregator.range.requests[0];
  EXPECT_EQ(request.start().seconds(), FakeShell::kNowSeconds - 3'600);
  EXPECT_EQ(request.end().seconds(), FakeShell::kNowSeconds);
  EXPECT_EQ(request.step().seconds(), 60);
  EXPECT_EQ(shell_.Out(),
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}\n");
}

TEST_F(QueryTest, ChoosesAStep) {
  EXPECT_EQ(shell_.Ora({"query", "up", "--start", "100", "--end", "105.5"}), 0);
  EXPECT_EQ(shell_.aggregator.range.requests[0].end().nanos(), 500'000'000);
  EXPECT_EQ(shell_.aggregator.range.requests[0].step().nanos(), 91'000'000);
  EXPECT_EQ(shell_.Ora({"query", "up", "--start", "100", "--end", "100"}), 0);
  EXPECT_EQ(shell_.aggregator.range.requests[1].step().nanos(), 1'000'000);
}

TEST_F(QueryTest, RefusesRangesThatMakeNoSense) {
  EXPECT_EQ(shell_.Ora({"query", "up", "--step", "1m"}), 2);
  EXPECT_EQ(shell_.Ora({"query", "up", "--start", "now", "--end", "-1h"}), 2);
  EXPECT_EQ(shell_.Ora({"query", "up", "--start", "-1h", "--time", "now"}), 2);
  EXPECT_EQ(shell_.Ora({"query", "up", "--start", "-1h", "--step", "0"}), 2);
  EXPECT_EQ(shell_.Err(), "ora: --step: `0` is less than 1ms\n");
  EXPECT_EQ(shell_.Ora({"query", "up", "--start", "noon"}), 2);
  EXPECT_THAT(shell_.Err(), testing::StartsWith("ora: --start: `noon` is no time"));
  EXPECT_TRUE(shell_.aggregator.range.requests.empty());
}

TEST_F(QueryTest, ListsSeriesWhole) {
  v1::ListSeriesResponse response;
  AddUp(*response.add_series(), "web1");
  shell_.aggregator.series.answers = {response};
  EXPECT_EQ(shell_.Ora({"series", "up", "{job=\"node\"}", "--start", "-1h"}), 0);
  EXPECT_EQ(shell_.aggregator.series.requests[0].selectors_size(), 2);
  EXPECT_EQ(shell_.Out(), "up{instance=\"web1\"}\n");
  EXPECT_EQ(shell_.Ora({"series", "up", "-o", "json"}), 0);
  EXPECT_EQ(shell_.Out(), "[\n  {\"__name__\":\"up\",\"instance\":\"web1\"}\n]\n");
  EXPECT_EQ(shell_.Ora({"series", "up", "-o", "csv"}), 0);
  EXPECT_EQ(shell_.Out(), "__name__,instance\nup,web1\n");
}

TEST_F(QueryTest, ListsLabelsAndTheirValues) {
  v1::ListLabelNamesResponse names;
  names.add_names("instance");
  shell_.aggregator.names.answers = {names};
  EXPECT_EQ(shell_.Ora({"labels"}), 0);
  EXPECT_EQ(shell_.Out(), "instance\n");
  v1::ListLabelValuesResponse values;
  values.add_values("a,b");
  values.add_values("c\n");
  shell_.aggregator.values.answers = {values};
  EXPECT_EQ(shell_.Ora({"labels", "--match", "up", "instance"}), 0);
  EXPECT_EQ(shell_.aggregator.values.requests[0].label(), "instance");
  EXPECT_EQ(shell_.aggregator.values.requests[0].selectors(0), "up");
  EXPECT_EQ(shell_.Out(), "a,b\nc\\n\n");
  EXPECT_EQ(shell_.Ora({"labels", "instance", "-o", "json"}), 0);
  EXPECT_EQ(shell_.Out(), "[\n  \"a,b\",\n  \"c\\n\"\n]\n");
  EXPECT_EQ(shell_.Ora({"labels", "instance", "-o", "csv"}), 0);
  EXPECT_EQ(shell_.Out(), "instance\n\"a,b\"\n\"c\n\"\n");
}

TEST_F(QueryTest, DrawsARange) {
  v1::QueryRangeResponse response;
  for (const char* instance : {"a", "b"}) {
    v1::SampledSeries* series = response.add_series();
    AddUp(*series->mutable_labels(), instance);
    for (int i = 0; i <= 4; ++i) {
      series->add_time_millis((FakeShell::kNowSeconds - 3'600 + i * 900) * 1'000);
      series->add_values(*instance == 'a' ? i : 4);
    }
  }
  shell_.aggregator.range.answers = {response};
  ASSERT_EQ(shell_.Ora({"query", "up", "--start", "-1h", "--plot", "--width", "40"}), 0);
  const std::string& plot = shell_.Out();
  EXPECT_THAT(plot, testing::StartsWith("4 |+        +        +        +        +\n"));
  EXPECT_THAT(plot, testing::HasSubstr("\n0 |*\n  +-------------------------------------\n"));
  EXPECT_THAT(plot, testing::HasSubstr("\n  * up{instance=\"a\"}\n  + up{instance=\"b\"}\n"));
  EXPECT_EQ(shell_.Ora({"query", "up", "--plot"}), 2);
  EXPECT_THAT(shell_.Err(), testing::HasSubstr("--plot draws a range"));
}

TEST_F(QueryTest, ExplainsTheTreeWithItsCosts) {
  v1::QueryResponse response;
  v1::QueryNode* whole = response.mutable_statistics()->add_nodes();
  whole->set_text("sum(up)");
  whole->set_series(1);
  whole->set_samples_read(2'000);
  whole->set_series_selected(20);
  whole->mutable_cpu_time()->set_nanos(1'250'000);
  v1::QueryNode* part = response.mutable_statistics()->add_nodes();
  part->set_text("up");
  part->set_depth(1);
  shell_.aggregator.query.answers = {response};
  ASSERT_EQ(shell_.Ora({"query", "sum(up)", "--explain"}), 0);
  EXPECT_TRUE(shell_.aggregator.query.requests[0].explain());
  EXPECT_EQ(shell_.Out(),
            "NODE          CPU  SERIES  SELECTED  SAMPLES READ\n"
            "sum(up)  1.250 ms       1        20         2,000\n"
            "  up     0.000 ms       0         0             0\n");
  ASSERT_EQ(shell_.Ora({"query", "sum(up)", "--explain", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), testing::HasSubstr("\"cpu_time\": 0.00125"));
}

}  // namespace
}  // namespace ora::cli

#include "aggregator/http/prometheus_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "proto/contract/limits.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_series.h"

namespace ora::aggregator {
namespace {

using testing::HasSubstr;

class PrometheusApiTest : public testing::Test {
 protected:
  PrometheusApiTest() {
    series_.Add({{"__name__", "up"}, {"instance", "a"}}, {{0, 1}, {60'000, 2}});
    series_.Add({{"__name__", "up"}, {"instance", "b"}}, {{0, 0.5}});
    series_.Add({{"__name__", "hits_total"}, {"instance", "b"}}, {{0, 1e21}});
  }

  // `target` as after the host in a URL.
  HttpResponse Ask(const std::string& target, HttpMethod method = HttpMethod::kGet) {
    const size_t mark = target.find('?');
    HttpRequest request;
    request.client = "10.0.0.7";
    request.method = method;
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) {
      EXPECT_TRUE(ParseForm(target.substr(mark + 1), request.parameters).ok());
    }
    const PrometheusApi api({{engine_, clock_, slots_, limits_, timeout_, absl::ZeroDuration()},
                             series_,
                             [this] { return groups_; },
                             "1.2.3"});
    HttpResponse response = api.Answer(request, [this] { return connected_; });
    while (response.more && response.more(response.body)) {
    }
    return response;
  }

  std::string Data(const std::string& target) {
    const HttpResponse response = Ask("/api/v1/" + target);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return response.body;
  }

  void ExpectError(const std::string& target, int status, const std::string& type,
                   const std::string& message) {
    const HttpResponse response = Ask("/api/v1/" + target);
    EXPECT_EQ(response.status, status) << target;
    EXPECT_THAT(response.body, HasSubstr(absl::StrCat("{\"status\":\"error\",\"errorType\":\"",
                                                      type, "\",\"error\":\"")))
        << target;
    EXPECT_THAT(response.body, HasSubstr(message)) << target;
  }

  fakes::ManualClock clock_{absl::FromUnixMillis(60'500)};
  fakes::MemorySeries series_;
  promql::Engine engine_{series_};
  QuerySlots slots_{{.client_max = 1, .all_max = 2}, clock_};
  promql::QueryLimits limits_;
  absl::Duration timeout_ = absl::Minutes(2);
  absl::Status connected_;
  std::vector<RuleGroupStatus> groups_;
};

TEST_F(PrometheusApiTest, AnswersAnInstantQueryAsPrometheusDoes) {
  EXPECT_EQ(Data("query?query=up&time=61"),
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"__name__":"up","instance":"a"},"value":[61,"2"]},)"
            R"({"metric":{"__name__":"up","instance":"b"},"value":[61,"0.5"]}]}})");
  EXPECT_EQ(Data("query?query=hits_total"),
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"__name__":"hits_total","instance":"b"},"value":[60.500,"1e+21"]}]}})");
  EXPECT_EQ(Data("query?query=1/0&time=1970-01-01T00:00:01.5Z"),
            R"({"status":"success","data":{"resultType":"scalar","result":[1.500,"+Inf"]}})");
  EXPECT_EQ(Data("query?query=%22x%22&time=7"),
            R"({"status":"success","data":{"resultType":"string","result":[7,"x"]}})");
  EXPECT_EQ(Data("query?query=up{instance=%22a%22}[2m]&time=61"),
            R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":)"
            R"({"__name__":"up","instance":"a"},"values":[[0,"1"],[60,"2"]]}]}})");
  EXPECT_EQ(Data("query?query=nothing"),
            R"({"status":"success","data":{"resultType":"vector","result":[]}})");
}

TEST_F(PrometheusApiTest, AnswersARangeQueryWithStepsInSecondsOrAsADuration) {
  const std::string expected =
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":)"
      R"([[0,"1.5"],[30,"1.5"],[60,"2.5"]]}]}})";
  EXPECT_EQ(Data("query_range?query=sum(up)&start=0&end=60&step=30"), expected);
  EXPECT_EQ(Data("query_range?query=sum(up)&start=0&end=1970-01-01T00:01:00Z&step=30s"), expected);
}

TEST_F(PrometheusApiTest, WarningsAndInfosFollowTheData) {
  EXPECT_THAT(Data("query?query=quantile(2,up)"), HasSubstr(R"(]},"warnings":["PromQL warning: )"));
  EXPECT_THAT(Data("query?query=up&limit=1"),
              HasSubstr(R"("2"]}]},"warnings":["results truncated due to limit"]})"));
  EXPECT_THAT(Data("query?query=up&limit=2"), testing::Not(HasSubstr("warnings")));
  EXPECT_THAT(Data("query?query=up&stats=all"),
              HasSubstr(R"("samples":{"totalQueryableSamples":)"));
}

TEST_F(PrometheusApiTest, ErrorsHavePrometheussTypesAndStatuses) {
  ExpectError("query?query=sum(", 400, "bad_data",
              R"(invalid parameter \"query\": 1:5: parse error)");
  ExpectError("query", 400, "bad_data", "parse error");
  ExpectError(
      "query?query=up&time=x", 400, "bad_data",
      R"(invalid parameter \"time\": Invalid time value for 'time': cannot parse \"x\" to a valid timestamp)");
  for (const char* time : {"0x10", "+5", "5+", "1e400", "1970-01-01"}) {
    ExpectError(absl::StrCat("query?query=up&time=", time), 400, "bad_data",
                "to a valid timestamp");
  }
  ExpectError("query_range?query=up&start=0&end=1&step=1e13", 400, "bad_data",
              R"(cannot parse \"1e13\" to a valid duration. It overflows int64)");
  ExpectError(
      "series?match[]={}", 400, "bad_data",
      R"("invalid parameter \"match[]\": match[] must contain at least one non-empty matcher")");
  ExpectError("metadata?limit=x", 400, "bad_data", "limit must be a number");
  ExpectError("query?query=up&timeout=x", 400, "bad_data",
              R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)");
  ExpectError("query?query=up&limit=-1", 400, "bad_data", "limit must be non-negative");
  ExpectError("query_range?query=up&start=5&end=4&step=1", 400, "bad_data",
              R"(invalid parameter \"end\": end timestamp must not be before start time)");
  ExpectError("query_range?query=up&start=0&end=4&step=0", 400, "bad_data",
              "zero or negative query resolution step widths are not accepted");
  ExpectError("query_range?query=up[1m]&start=0&end=4&step=1", 400, "bad_data",
              R"(invalid expression type \"range vector\" for range query)");
  ExpectError("query?query=up%2Bon(x)up&time=61", 422, "execution", "many-to-many");
  ExpectError("query?query=sum_over_time(up[1m])%2Bon()group_left()up", 422, "execution", "group");
}

TEST_F(PrometheusApiTest, StepsAreLimitedToThoseThatDashboardsKnow) {
  Data("query_range?query=vector(1)&start=0&end=11000&step=1");
  ExpectError("query_range?query=vector(1)&start=0&end=11001&step=1", 400, "bad_data",
              "exceeded maximum resolution of 11,000 points per timeseries");
}

TEST_F(PrometheusApiTest, StepsAndResultsAreLimitedByTheConfiguration) {
  limits_.steps_max = 1'234'567;
  ExpectError("query_range?query=vector(1)&start=0&end=1234568&step=1", 400, "bad_data",
              "exceeded maximum resolution of 1,234,567 points per timeseries");
  limits_.steps_max = 10;
  Data("query_range?query=vector(1)&start=0&end=10&step=1");
  ExpectError("query_range?query=vector(1)&start=0&end=11&step=1", 400, "bad_data",
              "exceeded maximum resolution of 10 points");
  limits_.result_bytes_max = 16;  // A value, and no label's text.
  Data("query?query=sum(up)");
  limits_.result_bytes_max = 15;
  ExpectError("query?query=sum(up)", 422, "execution", "takes 16 bytes, the limit is 15");
}

TEST_F(PrometheusApiTest, WhatReadsSeriesNeedsASlotAndOtherPathsDoNot) {
  const auto taken = slots_.Enter("10.0.0.7", absl::ZeroDuration());
  for (const char* target : {"query?query=up", "query_range?query=up&start=0&end=1&step=1",
                             "series?match[]=up", "labels", "label/a/values", "metadata"}) {
    ExpectError(target, 503, "timeout",
                "query timed out in query queue: query: 1 queries of client 10.0.0.7 run already, "
                "query.concurrent_per_client_max is 1");
  }
  for (const char* target : {"rules", "alerts", "status/buildinfo", "format_query?query=up"}) {
    Data(target);
  }
  EXPECT_EQ(Ask("/-/healthy").status, 200);
}

TEST_F(PrometheusApiTest, LimitsTimeAndDepartureEndAQuery) {
  limits_.samples_max = 1;
  ExpectError("query?query=up[5m]", 422, "execution", "samples");
  limits_ = {};
  timeout_ = absl::ZeroDuration();
  ExpectError("query?query=up", 503, "timeout", "timed out");
  timeout_ = absl::Minutes(2);
  ExpectError("query?query=up&timeout=0", 503, "timeout", "timed out");
  connected_ = absl::CancelledError("the client is gone");
  ExpectError("query?query=up", 503, "canceled", "gone");
  connected_ = absl::UnavailableError("the aggregator is stopping");
  ExpectError("query?query=up", 503, "unavailable", "stopping");
  EXPECT_EQ(Ask("/-/ready").status, 503);
  EXPECT_EQ(Ask("/-/healthy").status, 200);
}

TEST_F(PrometheusApiTest, AnExpressionIsLimited) {
  const std::string blanks(contract::kExpressionBytesMax - 1, '+');
  Data("query?query=1" + blanks);
  ExpectError("query?query=1" + blanks + "+", 400, "bad_data", "65537 bytes");
}

TEST_F(PrometheusApiTest, ListsSeriesLabelsAndValues) {
  EXPECT_EQ(Data("series?match[]=up{instance=%22a%22}&match[]=hits_total"),
            R"({"status":"success","data":[{"__name__":"hits_total","instance":"b"},)"
            R"({"__name__":"up","instance":"a"}]})");
  EXPECT_EQ(Data("series?match[]=up&start=30&end=61"),
            R"({"status":"success","data":[{"__name__":"up","instance":"a"}]})");
  EXPECT_EQ(Data("series?match[]=none"), R"({"status":"success","data":[]})");
  EXPECT_THAT(Data("series?match[]=up&limit=1"), HasSubstr("results truncated due to limit"));
  EXPECT_THAT(Data("series?match[]=up&limit=2"), testing::Not(HasSubstr("truncated")));
  EXPECT_EQ(Data("labels"), R"({"status":"success","data":["__name__","instance"]})");
  EXPECT_EQ(Data("label/instance/values"), R"({"status":"success","data":["a","b"]})");
  EXPECT_EQ(Data("label/instance/values?match[]=hits_total&match[]=none"),
            R"({"status":"success","data":["b"]})");
  EXPECT_EQ(
      Data("label/__name__/values?limit=1"),
      R"({"status":"success","data":["hits_total"],"warnings":["results truncated due to limit"]})");
  ExpectError("series", 400, "bad_data", "no match[] parameter provided");
  ExpectError("series?match[]=up%2B1", 400, "bad_data", "parse error");
  ExpectError("label/9x/values", 400, "bad_data", R"(invalid label name: \"9x\")");
}

TEST_F(PrometheusApiTest, SelectorsAreLimited) {
  std::string target = "series?";
  for (size_t i = 0; i < contract::kSelectorsMax; ++i) target += "match[]=up&";
  Data(target);
  ExpectError(target + "match[]=up", 400, "bad_data", "at most 16");
}

TEST_F(PrometheusApiTest, DescribesMetricsByTheirNames) {
  EXPECT_EQ(
      Data("metadata?metric=hits_total"),
      R"({"status":"success","data":{"hits_total":[{"type":"counter","help":"","unit":""}]}})");
  EXPECT_EQ(Data("metadata?metric=absent"), R"({"status":"success","data":{}})");
  for (const char* part : {"bucket", "sum", "count"}) {
    series_.Add({{"__name__", absl::StrCat("wait_seconds_", part)}}, {{0, 1}});
  }
  EXPECT_THAT(Data("metadata"),
              HasSubstr(R"("wait_seconds":[{"type":"histogram","help":"","unit":"seconds"}])"));
  EXPECT_THAT(Data("metadata"), testing::Not(HasSubstr("wait_seconds_sum")));
}

TEST_F(PrometheusApiTest, TellsRulesAndAlerts) {
  RuleStatus rule;
  rule.name = "Down";
  rule.expression = "up == 0";
  rule.pending_duration = absl::Minutes(5);
  rule.labels = storage::Labels{{"severity", "page"}};
  rule.health = RuleHealth::kGood;
  rule.evaluated_at = absl::FromUnixMillis(60'250);
  rule.evaluation_time = absl::Milliseconds(2);
  v1::Alert alert;
  alert.set_rule("Down");
  alert.set_state(v1::ALERT_STATE_PENDING);
  alert.mutable_pending_time()->set_seconds(60);
  alert.set_value(0.5);
  rule.alerts = {alert};
  RuleStatus recording;
  recording.kind = RuleKind::kRecording;
  recording.name = "job:up:sum";
  recording.expression = "sum(up)";
  recording.health = RuleHealth::kFailing;
  recording.last_error = "no";
  groups_ = {
      {.name = "g", .file = "f.yml", .interval = absl::Seconds(15), .rules = {rule, recording}}};
  EXPECT_EQ(
      Data("rules?type=alert"),
      R"({"status":"success","data":{"groups":[{"name":"g","file":"f.yml","rules":[)"
      R"({"state":"pending","name":"Down","query":"up == 0","duration":300,"keepFiringFor":0,)"
      R"("labels":{"severity":"page"},"annotations":{},"alerts":[{"labels":{"alertname":"Down"},)"
      R"("annotations":{},"state":"pending","activeAt":"1970-01-01T00:01:00Z","value":"5e-01"}],)"
      R"("health":"ok","evaluationTime":0.002,"lastEvaluation":"1970-01-01T00:01:00.25Z",)"
      R"("type":"alerting"}],"interval":15,"limit":0,"evaluationTime":0,)"
      R"("lastEvaluation":"0001-01-01T00:00:00Z"}]}})");
  EXPECT_THAT(Data("rules?type=record"),
              HasSubstr(R"j([{"name":"job:up:sum","query":"sum(up)","labels":{},"health":"err",)j"
                        R"j("lastError":"no",)j"));
  EXPECT_EQ(Data("rules?rule_group[]=other"), R"({"status":"success","data":{"groups":[]}})");
  EXPECT_THAT(Data("alerts"), HasSubstr(R"("data":{"alerts":[{"labels":{"alertname":"Down"})"));
  ExpectError("rules?type=x", 400, "bad_data", "not supported value");
  EXPECT_THAT(Data("rules?match[]={severity=%22page%22}"),
              testing::AllOf(HasSubstr("Down"), testing::Not(HasSubstr("job:up:sum"))));
  EXPECT_EQ(Data("rules?match[]={severity=%22none%22}"),
            R"({"status":"success","data":{"groups":[]}})");
}

TEST_F(PrometheusApiTest, RuleGroupsComeInPages) {
  groups_ = {{.name = "a", .file = "f.yml"},
             {.name = "b", .file = "f.yml"},
             {.name = "builtin"},
             {.name = "a", .file = "g.yml"}};
  const std::string first = Data("rules?group_limit=2");
  EXPECT_THAT(first, HasSubstr(R"("name":"b")"));
  const std::string key = R"(],"groupNextToken":")";
  const size_t at = first.find(key);
  ASSERT_NE(at, std::string::npos) << first;
  const std::string token =
      first.substr(at + key.size(), first.find('"', at + key.size()) - at - key.size());
  const std::string second = Data("rules?group_limit=2&group_next_token=" + token);
  EXPECT_THAT(second, testing::AllOf(HasSubstr(R"("name":"a","file":"g.yml")"),
                                     testing::Not(HasSubstr("groupNextToken")),
                                     testing::Not(HasSubstr("f.yml"))));
  EXPECT_THAT(Data("rules?group_limit=3"),
              testing::Not(testing::AnyOf(HasSubstr("groupNextToken"), HasSubstr("builtin"))));
  ExpectError("rules?group_limit=2&group_next_token=00", 400, "bad_data", "group_next_token");
  ExpectError("rules?group_next_token=" + token, 400, "bad_data", "group_limit");
}

TEST_F(PrometheusApiTest, AnAlertThatFiresOnSaysSinceWhen) {
  RuleStatus rule;
  rule.name = "Down";
  rule.expression = "up==0";
  v1::Alert alert;
  alert.set_rule("Down");
  alert.set_state(v1::ALERT_STATE_FIRING);
  alert.mutable_keep_firing_since_time()->set_seconds(90);
  rule.alerts = {alert};
  groups_ = {{.name = "g", .file = "f.yml", .rules = {rule}}};
  EXPECT_THAT(Data("alerts"), HasSubstr(R"("keepFiringSince":"1970-01-01T00:01:30Z")"));
  EXPECT_THAT(Data("rules"), HasSubstr(R"("query":"up == 0")"));  // As Prometheus prints it.
}

TEST_F(PrometheusApiTest, ThereAreNoExemplars) {
  EXPECT_EQ(Data("query_exemplars?query=up&start=0&end=1"), R"({"status":"success","data":[]})");
  ExpectError("query_exemplars?query=up%2B&start=0&end=1", 400, "bad_data", "parse error");
  ExpectError("query_exemplars?query=up&start=2&end=1", 400, "bad_data", "before start");
}

TEST_F(PrometheusApiTest, WhatIsNotThereIs404AndWhatTellsOnlyTakesNoForm) {
  EXPECT_EQ(Ask("/").status, 404);
  EXPECT_EQ(Ask("/api/v1/nothing").status, 404);
  EXPECT_EQ(Ask("/api/v1/label/a/b/values").status, 404);
  EXPECT_EQ(Ask("/api/v1/rules", HttpMethod::kPost).status, 405);
  EXPECT_EQ(Ask("/api/v1/labels", HttpMethod::kPost).status, 200);
  EXPECT_THAT(Data("status/buildinfo"), HasSubstr(R"("version":"3.5.0","revision":"ora-1.2.3")"));
  EXPECT_EQ(Data("format_query?query=sum(up)by(a)"),
            R"j({"status":"success","data":"sum by (a) (up)"})j");
}

}  // namespace
}  // namespace ora::aggregator

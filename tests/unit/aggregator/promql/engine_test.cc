#include "aggregator/promql/engine.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/eval/label_functions.h"
#include "aggregator/promql/parser/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/memory_series.h"

namespace ora::promql {
namespace {

using storage::Labels;
using storage::Sample;
using testing::HasSubstr;

class EngineTest : public testing::Test {
 protected:
  // `values` ten seconds apart, from time 0.
  void Load(const Labels& labels, const std::vector<double>& values) {
    std::vector<Sample> samples;
    int64_t time = 0;
    for (const double value : values) {
      samples.push_back({time, value});
      time += 10'000;
    }
    series_.Add(labels, samples);
  }

  absl::StatusOr<QueryResult> At(int64_t seconds, absl::string_view expression) {
    return engine_.Instant(expression, seconds * 1000, context_);
  }

  // `{a="b"} 1, {a="c"} 2`.
  std::string VectorAt(int64_t seconds, absl::string_view expression) {
    const auto result = At(seconds, expression);
    if (!result.ok()) return std::string(result.status().message());
    std::string text;
    for (const InstantSample& sample : std::get<InstantVector>(result->value)) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", sample.labels.ToString(), " ", sample.value);
    }
    return text;
  }

  std::string ErrorAt(int64_t seconds, absl::string_view expression) {
    const auto result = At(seconds, expression);
    return result.ok() ? "no error" : std::string(result.status().message());
  }

  fakes::MemorySeries series_;
  Engine engine_{series_};
  QueryContext context_;
};

TEST_F(EngineTest, SelectsTheNewestSampleWithinTheLookback) {
  Load({{"__name__", "up"}}, {0, 1, 2});
  EXPECT_EQ(VectorAt(15, "up"), "up 1");
  EXPECT_EQ(VectorAt(319, "up"), "up 2");
  EXPECT_EQ(VectorAt(320, "up"), "");
}

TEST_F(EngineTest, AStaleMarkerHidesTheSamplesBeforeIt) {
  Load({{"__name__", "up"}}, {1, storage::StaleMarker()});
  EXPECT_EQ(VectorAt(5, "up"), "up 1");
  EXPECT_EQ(VectorAt(10, "up"), "");
  EXPECT_EQ(VectorAt(15, "count_over_time(up[1m])"), "{} 1");
}

TEST_F(EngineTest, AWindowDoesNotIncludeItsStart) {
  Load({{"__name__", "c_total"}}, {0, 10, 20, 30});
  EXPECT_EQ(VectorAt(30, "count_over_time(c_total[20s])"), "{} 2");
  EXPECT_EQ(VectorAt(30, "rate(c_total[20s])"), "{} 1");
  EXPECT_EQ(VectorAt(30, "increase(c_total[30s])"), "{} 30");
}

TEST_F(EngineTest, RateSurvivesACounterReset) {
  Load({{"__name__", "c_total"}}, {0, 10, 20, 5, 15});
  EXPECT_EQ(VectorAt(40, "increase(c_total[41s])"), "{} 35");
}

TEST_F(EngineTest, AggregatesByLabel) {
  Load({{"__name__", "x"}, {"job", "a"}, {"i", "0"}}, {1});
  Load({{"__name__", "x"}, {"job", "a"}, {"i", "1"}}, {2});
  Load({{"__name__", "x"}, {"job", "b"}, {"i", "0"}}, {4});
  EXPECT_EQ(VectorAt(0, "sum by (job) (x)"), "{job=\"a\"} 3, {job=\"b\"} 4");
  EXPECT_EQ(VectorAt(0, "sum without (job) (x)"), "{i=\"0\"} 5, {i=\"1\"} 2");
  EXPECT_EQ(VectorAt(0, "topk(1, x)"), "x{i=\"0\",job=\"b\"} 4");
  EXPECT_EQ(VectorAt(0, "count(x > 1)"), "{} 2");
  EXPECT_EQ(VectorAt(0, "sum(nothing)"), "");
}

TEST_F(EngineTest, NamesWhatIsNotUniqueInAMatch) {
  Load({{"__name__", "a"}, {"i", "0"}}, {1});
  Load({{"__name__", "b"}, {"i", "0"}, {"j", "0"}}, {1});
  Load({{"__name__", "b"}, {"i", "0"}, {"j", "1"}}, {1});
  EXPECT_EQ(ErrorAt(0, "a * on (i) b"),
            "found duplicate series for the match group {i=\"0\"} on the right hand-side of the "
            "operation: [{__name__=\"b\", i=\"0\", j=\"1\"}, {__name__=\"b\", i=\"0\", "
            "j=\"0\"}];many-to-many matching not "
            "allowed: matching labels must be unique on one side");
  EXPECT_THAT(ErrorAt(0, "b * on (i) a"), HasSubstr("many-to-one matching must be explicit"));
  EXPECT_EQ(VectorAt(0, "b * on (i) group_left a"), "{i=\"0\",j=\"0\"} 1, {i=\"0\",j=\"1\"} 1");
}

TEST_F(EngineTest, ARangeQueryIsSortedByLabelsAndHasOnlyPresentPoints) {
  Load({{"__name__", "x"}, {"i", "1"}}, {1, 2, 3});
  Load({{"__name__", "x"}, {"i", "0"}}, {5});
  const auto result = engine_.Range("x > 1", {0, 20'000, 10'000}, context_);
  ASSERT_TRUE(result.ok()) << result.status();
  const Matrix& matrix = std::get<Matrix>(result->value);
  ASSERT_EQ(matrix.size(), 2u);
  EXPECT_EQ(matrix[0].labels.Get("i"), "0");
  EXPECT_EQ(matrix[1].samples.time_millis, (std::vector<int64_t>{10'000, 20'000}));
  EXPECT_EQ(matrix[1].samples.values, (std::vector<double>{2, 3}));
}

TEST_F(EngineTest, RefusesMoreStepsThanTheLimit) {
  EXPECT_TRUE(engine_.Range("1", {0, 11'000'000, 1000}, context_).ok());
  const auto result = engine_.Range("1", {0, 11'001'000, 1000}, context_);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("11000 points"));
}

TEST_F(EngineTest, RefusesAResultOverTheLimit) {
  Load({{"__name__", "x"}, {"i", "1"}}, {1, 2, 3});
  // Labels of 8 + 1 + 1 + 1 bytes, three points.
  context_.limits.result_bytes_max = 11 + 3 * 16;
  EXPECT_TRUE(engine_.Range("x", {0, 20'000, 10'000}, context_).ok());
  context_.limits.result_bytes_max -= 1;
  const absl::Status status = engine_.Range("x", {0, 20'000, 10'000}, context_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("takes 59 bytes, the limit is 58;"));
}

TEST_F(EngineTest, TheLimitOfStepsIsTheContexts) {
  context_.limits.steps_max = 5;
  EXPECT_TRUE(engine_.Range("1", {0, 50'000, 10'000}, context_).ok());
  EXPECT_THAT(engine_.Range("1", {0, 60'000, 10'000}, context_).status().message(),
              HasSubstr("maximum resolution of 5 points"));
}

TEST_F(EngineTest, WorksOutOnceWhatTheExpressionSaysTwice) {
  Load({{"__name__", "x_total"}, {"i", "0"}}, {1, 2, 3});
  Load({{"__name__", "x_total"}, {"i", "1"}}, {1, 3, 5});
  const auto result = At(20,
                         "sum(rate(x_total[20s])) / count(rate(x_total[20s])) + "
                         "max(rate(x_total[20s]))");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_DOUBLE_EQ(std::get<InstantVector>(result->value)[0].value, 0.15 + 0.2);
  EXPECT_EQ(result->cost.samples_read, 4u);
  EXPECT_EQ(VectorAt(20, "x_total unless (x_total > 3)"), "x_total{i=\"0\"} 3");
  EXPECT_EQ(VectorAt(20, "max_over_time(x_total[1m:10s]) - max_over_time(x_total[10s:10s])"),
            "{i=\"0\"} 0, {i=\"1\"} 0");
}

TEST_F(EngineTest, ExplainsWhatEachPartCost) {
  Load({{"__name__", "x"}, {"i", "0"}}, {1, 2, 3});
  Load({{"__name__", "x"}, {"i", "1"}}, {1, 3, 5});
  EXPECT_TRUE(At(20, "sum(x)")->nodes.empty());
  context_.explain = Explain::kYes;
  const auto result = At(20, "sum(max_over_time(x[20s])) + 1");
  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<std::string> nodes;
  for (const NodeCost& node : result->nodes) {
    nodes.push_back(absl::StrCat(node.depth, " ", node.text, " ", node.cost.samples_read, " ",
                                 node.series_out));
  }
  EXPECT_THAT(nodes, testing::ElementsAre("0 sum(max_over_time(x[20s])) + 1 4 1",
                                          "1 sum(max_over_time(x[20s])) 4 1",
                                          "2 max_over_time(x[20s]) 4 2", "1 1 0 0"));
  EXPECT_GE(result->cpu, result->nodes[0].cpu);
}

TEST_F(EngineTest, PassesOnWhatTheReaderWarnsOf) {
  Load({{"__name__", "x"}}, {1});
  series_.SetWarnings({"downsampled: a bucket's last value stands for its samples"});
  EXPECT_THAT(At(0, "sum(x)")->warnings, testing::ElementsAre(HasSubstr("downsampled: ")));
  EXPECT_THAT(At(0, "max_over_time(x[1m])")->warnings, testing::SizeIs(1));
}

TEST_F(EngineTest, EndsBetweenSeriesWhenNobodyWaitsAnyMore) {
  for (int i = 0; i < 20; ++i) Load({{"__name__", "x"}, {"i", absl::StrCat(i)}}, {1, 2, 3});
  int asked = 0;
  context_.check_alive = [&] {
    return ++asked > 5 ? absl::CancelledError("call: was cancelled") : absl::OkStatus();
  };
  EXPECT_EQ(At(20, "sum(rate(x[20s]))").status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 6);
}

TEST_F(EngineTest, RefusesMoreSamplesThanTheLimit) {
  Load({{"__name__", "x"}}, {1, 2, 3});
  context_.limits.samples_max = 3;
  EXPECT_EQ(VectorAt(20, "sum_over_time(x[1m])"), "{} 6");
  context_.limits.samples_max = 2;
  EXPECT_EQ(At(20, "sum_over_time(x[1m])").status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(EngineTest, EndsWhenItIsToldTo) {
  Load({{"__name__", "x"}}, {1});
  context_.check_alive = [] { return absl::DeadlineExceededError("the query's time is over"); };
  EXPECT_EQ(At(0, "x").status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(EngineTest, PassesOnWhatTheReaderMisses) {
  Load({{"__name__", "x"}}, {1});
  series_.SetWarnings({"partial: 3 damaged chunks skipped"});
  const auto result = At(0, "x");
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->warnings, testing::ElementsAre("partial: 3 damaged chunks skipped"));
}

TEST_F(EngineTest, NamesAFunctionThatItDoesNotSupport) {
  EXPECT_THAT(ErrorAt(0, "info(x)"), HasSubstr("\"info\" is not supported"));
}

TEST_F(EngineTest, DropsNamesAtOnceOrAtTheEnd) {
  Load({{"__name__", "x"}}, {1});
  EXPECT_EQ(VectorAt(0, "label_replace(-x, \"was\", \"$1\", \"__name__\", \"(.+)\")"), "{} -1");
  context_.name_removal = NameRemoval::kDelayed;
  EXPECT_EQ(VectorAt(0, "label_replace(-x, \"was\", \"$1\", \"__name__\", \"(.+)\")"),
            "{was=\"x\"} -1");
}

TEST_F(EngineTest, TellsScalarsStringsAndMatricesApart) {
  Load({{"__name__", "x"}}, {1, 2});
  EXPECT_EQ(std::get<ScalarValue>(At(0, "1 + 1")->value).value, 2);
  EXPECT_EQ(std::get<std::string>(At(0, "\"text\"")->value), "text");
  EXPECT_EQ(std::get<Matrix>(At(10, "x[1m]")->value)[0].samples.size(), 2u);
  EXPECT_EQ(engine_.Range("x[1m]", {0, 10, 10}, context_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ParseSelectorTest, GivesTheMatchersOfABareSelectorOnly) {
  const auto matchers = ParseSelector("up{job=~\"n.*\"}");
  ASSERT_TRUE(matchers.ok());
  EXPECT_EQ(matchers->size(), 2u);
  EXPECT_FALSE(ParseSelector("rate(up[1m])").ok());
  EXPECT_FALSE(ParseSelector("up offset 5m").ok());
  EXPECT_FALSE(ParseSelector("{}").ok());
}

TEST_F(EngineTest, LabelsThatCallsMakeHaveALongestLength) {
  Load({{"__name__", "up"}, {"a", "xx"}}, {1});
  std::string query = "up";
  for (size_t length = 2; length < kMadeLabelBytesMax; length *= 2) {
    query = absl::StrCat("label_replace(", query, R"q(, "a", "$1$1", "a", "(.*)"))q");
  }
  EXPECT_EQ(ErrorAt(0, query), "no error");
  EXPECT_THAT(
      ErrorAt(0, absl::StrCat("label_replace(", query, R"q(, "a", "${1}y", "a", "(.*)"))q")),
      HasSubstr("label a would have a value of more than 65536 bytes"));
  EXPECT_THAT(ErrorAt(0, absl::StrCat("label_join(", query, R"q(, "b", "", "a", "a"))q")),
              HasSubstr("label b would have a value of more than 65536 bytes"));
}

TEST_F(EngineTest, ASubqueryOfTooManyStepsIsRefused) {
  Load({{"__name__", "up"}}, {1});
  context_.limits.samples_max = 100;
  EXPECT_EQ(ErrorAt(0, "sum_over_time(vector(1)[100s:1s])"), "no error");
  EXPECT_THAT(ErrorAt(0, "sum_over_time(vector(1)[101s:1s])"), HasSubstr("too many samples"));
  EXPECT_THAT(ErrorAt(0, "sum_over_time(vector(1)[292y:1ms])"), HasSubstr("too many samples"));
}

TEST_F(EngineTest, TheDeepestTreesAreEvaluated) {
  Load({{"__name__", "up"}}, {1});
  const auto nested = [](absl::string_view before, absl::string_view after) {
    std::string text = "up";
    for (size_t i = 1; i < kTreeDepthMax; ++i) text = absl::StrCat(before, text, after);
    return text;
  };
  EXPECT_EQ(VectorAt(0, nested("abs(", ")")), "{} 1");
  EXPECT_EQ(VectorAt(0, nested("sum by (a) (", ")")), "{} 1");
  EXPECT_EQ(VectorAt(0, nested("0 + ", "")), "{} 1");
  EXPECT_EQ(VectorAt(0, nested("sort(", ")")), "up 1");
  EXPECT_THAT(ErrorAt(0, absl::StrCat("abs(", nested("abs(", ")"), ")")),
              HasSubstr("nested deeper than 500"));
}

}  // namespace
}  // namespace ora::promql

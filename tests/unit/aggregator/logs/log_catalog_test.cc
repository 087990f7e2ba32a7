#include "aggregator/logs/log_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/logs/log_analysis.h"
#include "tests/fakes/memory_series.h"

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kNow = 1'767'225'600'000;
constexpr int64_t kMinute = 60'000;

class LogCatalogTest : public ::testing::Test {
 protected:
  static storage::Labels Series(const std::string& metric, const std::string& instance,
                                const std::string& path, storage::Labels more = {}) {
    more.Set("__name__", metric);
    more.Set("instance", instance);
    more.Set("job", "log");
    more.Set("component", path == "/srv/b.log" ? "b" : "a");
    more.Set("category", "application");
    more.Set("log", path);
    return more;
  }

  // Samples every 10 s since `age_minutes` ago: `from` but the last, which is `to` at kNow.
  void Moves(const storage::Labels& series, double from, double to, int64_t age_minutes = 15) {
    std::vector<storage::Sample> samples;
    for (int64_t back = age_minutes * kMinute; back > 0; back -= 10'000) {
      samples.push_back({kNow - back, from});
    }
    samples.push_back({kNow, to});
    series_.Add(series, samples);
  }

  void Grows(const std::string& instance, const std::string& path, double from, double to,
             int64_t age_minutes = 15) {
    Moves(Series("ora_log_appended_bytes_total", instance, path), from, to, age_minutes);
    Moves(Series("ora_log_storage_bytes", instance, path), from, to, age_minutes);
  }

  LogCatalog Catalog() {
    return LogCatalog([this](const std::string& expression,
                             int64_t time_millis) -> absl::StatusOr<promql::InstantVector> {
      ++queries_;
      if (!error_.ok()) return error_;
      auto result = engine_.Instant(expression, time_millis, {});
      if (!result.ok()) return result.status();
      return std::get<promql::InstantVector>(result->value);
    });
  }

  v1::AnalyzeLogsResponse Analyze(const std::string& log, int32_t count_max = 0) {
    v1::AnalyzeLogsRequest request;
    request.set_log(log);
    request.set_log_count_max(count_max);
    const auto response = Catalog().Analyze(request, kNow);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::AnalyzeLogsResponse();
  }

  std::vector<std::string> PathsOf(const v1::AnalyzeLogsResponse& response) {
    std::vector<std::string> paths;
    for (const v1::LogAnalysis& analysis : response.analyses()) {
      paths.push_back(absl::StrCat(analysis.log().instance(), ":", analysis.log().path()));
    }
    return paths;
  }

  fakes::MemorySeries series_;
  promql::Engine engine_{series_};
  absl::Status error_;
  int queries_ = 0;
};

TEST_F(LogCatalogTest, ListsEachLogWithItsFigures) {
  Grows("web", "/srv/a.log", 100, 200);
  Moves(Series("ora_log_size_bytes", "web", "/srv/a.log"), 50, 60);
  Moves(Series("ora_log_files", "web", "/srv/a.log"), 2, 3);
  Moves(Series("ora_log_lines_total", "web", "/srv/a.log", {{"level", "info"}}), 1, 10);
  Moves(Series("ora_log_lines_total", "web", "/srv/a.log", {{"level", "error"}}), 1, 3);
  Moves(Series("ora_log_lines_total", "web", "/srv/a.log", {{"level", "critical"}}), 1, 2);
  Moves(Series("ora_log_lost_bytes_total", "web", "/srv/a.log", {{"reason", "deleted"}}), 0, 4);
  Moves(Series("ora_log_lost_bytes_total", "web", "/srv/a.log", {{"reason", "truncated"}}), 0, 5);
  const auto logs = Catalog().List("", "", kNow + 7'000);
  ASSERT_TRUE(logs.ok()) << logs.status();
  ASSERT_EQ(logs->size(), 1u);
  const v1::Log& log = (*logs)[0];
  EXPECT_EQ(log.instance(), "web");
  EXPECT_EQ(log.path(), "/srv/a.log");
  EXPECT_EQ(log.component(), "a");
  EXPECT_EQ(log.category(), "application");
  EXPECT_EQ(log.size_bytes(), 60u);
  EXPECT_EQ(log.storage_bytes(), 200u);
  EXPECT_EQ(log.files(), 3u);
  EXPECT_EQ(log.appended_bytes(), 200u);
  EXPECT_EQ(log.lines(), 15u);
  EXPECT_EQ(log.error_lines(), 5u);
  EXPECT_EQ(log.lost_bytes(), 9u);
  EXPECT_EQ(log.time().seconds(), kNow / 1'000);
}

TEST_F(LogCatalogTest, AsksTheSameNumberOfQueriesForManyLogs) {
  for (int i = 0; i < 50; ++i) Grows("web", absl::StrCat("/srv/", i, ".log"), 1, 2);
  EXPECT_EQ(Catalog().List("", "", kNow)->size(), 50u);
  EXPECT_EQ(queries_, 2);
}

TEST_F(LogCatalogTest, FiltersByInstanceAndComponentAndSorts) {
  Grows("web-2", "/srv/a.log", 1, 2);
  Grows("web-1", "/srv/b.log", 1, 2);
  Grows("web-1", "/srv/a.log", 1, 2);
  const auto all = Catalog().List("", "", kNow);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].path(), "/srv/a.log");
  EXPECT_EQ((*all)[2].instance(), "web-2");
  EXPECT_EQ(Catalog().List("web-1", "", kNow)->size(), 2u);
  EXPECT_EQ(Catalog().List("web-1", "b", kNow)->size(), 1u);
  EXPECT_TRUE(Catalog().List("web\"}\\", "", kNow)->empty());
}

TEST_F(LogCatalogTest, LeavesOutLogsWithoutASampleInFiveMinutes) {
  Grows("web", "/srv/a.log", 1, 2);
  EXPECT_EQ(Catalog().List("", "", kNow + 5 * kMinute - 1)->size(), 1u);
  EXPECT_TRUE(Catalog().List("", "", kNow + 5 * kMinute)->empty());
}

TEST_F(LogCatalogTest, PassesErrorsOn) {
  error_ = absl::ResourceExhaustedError("too much");
  EXPECT_EQ(Catalog().List("", "", kNow).status(), error_);
  EXPECT_EQ(Catalog().Analyze({}, kNow).status(), error_);
}

TEST_F(LogCatalogTest, AnalyzesGrowthLevelsErrorsAndResponses) {
  Grows("web", "/srv/a.log", 10'000, 16'451);
  Moves(Series("ora_log_lines_total", "web", "/srv/a.log", {{"level", "info"}}), 5, 95);
  Moves(Series("ora_log_lines_total", "web", "/srv/a.log", {{"level", "error"}}), 5, 15);
  Moves(Series("ora_log_errors_total", "web", "/srv/a.log", {{"type", "KeyError"}}), 1, 3);
  Moves(Series("ora_log_errors_total", "web", "/srv/a.log", {{"type", "other"}}), 1, 9);
  Moves(Series("ora_log_errors_total", "web", "/srv/a.log", {{"type", "Old"}}), 4, 4);
  Moves(Series("ora_log_response_seconds_bucket", "web", "/srv/a.log", {{"le", "1"}}), 3, 53);
  Moves(Series("ora_log_response_seconds_bucket", "web", "/srv/a.log", {{"le", "2"}}), 3, 103);
  Moves(Series("ora_log_response_seconds_bucket", "web", "/srv/a.log", {{"le", "+Inf"}}), 3, 103);
  Moves(Series("ora_log_response_seconds_count", "web", "/srv/a.log"), 3, 103);
  Moves(Series("ora_log_response_seconds_sum", "web", "/srv/a.log"), 1, 76);
  const v1::AnalyzeLogsResponse response = Analyze("web:/srv/a.log");
  ASSERT_EQ(response.analyses_size(), 1);
  const v1::LogAnalysis& analysis = response.analyses(0);
  EXPECT_EQ(analysis.window().seconds(), 600);
  EXPECT_EQ(analysis.growth_bytes(), 6'451u);
  EXPECT_EQ(analysis.growth_percent(), 64.51);
  EXPECT_EQ(analysis.error_percent(), 10);
  ASSERT_EQ(analysis.levels_size(), 2);
  EXPECT_EQ(analysis.levels(0).level(), "info");
  EXPECT_EQ(analysis.levels(0).lines(), 90u);
  EXPECT_EQ(analysis.levels(1).lines_total(), 15u);
  ASSERT_EQ(analysis.error_types_size(), 3);
  EXPECT_EQ(analysis.error_types(0).type(), "other");
  EXPECT_EQ(analysis.error_types(0).errors(), 8u);
  EXPECT_EQ(analysis.error_types(1).errors_total(), 3u);
  EXPECT_EQ(analysis.error_types(2).type(), "Old");
  EXPECT_EQ(analysis.error_types(2).errors(), 0u);
  EXPECT_EQ(analysis.error_types(2).errors_total(), 4u);
  EXPECT_EQ(analysis.response_times().count(), 100u);
  EXPECT_EQ(analysis.response_times().mean_seconds(), 0.75);
  EXPECT_EQ(analysis.response_times().p50_seconds(), 1);
  EXPECT_EQ(analysis.response_times().p95_seconds(), 1.9);
}

TEST_F(LogCatalogTest, AYoungLogHasAShorterWindowAndNoGrowthInPercent) {
  Grows("web", "/srv/a.log", 100, 350, 4);
  const v1::AnalyzeLogsResponse response = Analyze("a.log");
  ASSERT_EQ(response.analyses_size(), 1);
  EXPECT_EQ(response.analyses(0).growth_bytes(), 250u);
  EXPECT_FALSE(response.analyses(0).has_growth_percent());
  EXPECT_FALSE(response.analyses(0).has_error_percent());
  EXPECT_FALSE(response.analyses(0).has_response_times());
  EXPECT_EQ(response.analyses(0).window().seconds(), 240);
}

TEST_F(LogCatalogTest, FindsLogsByHostAndPathPathNameOrComponentFastestGrowingFirst) {
  Grows("web-1", "/srv/a.log", 1, 3);
  Grows("web-2", "/srv/a.log", 1, 9);
  Grows("web-1", "/srv/b.log", 1, 5);
  EXPECT_THAT(PathsOf(Analyze("")),
              ElementsAre("web-2:/srv/a.log", "web-1:/srv/b.log", "web-1:/srv/a.log"));
  EXPECT_THAT(PathsOf(Analyze("web-1:/srv/a.log")), ElementsAre("web-1:/srv/a.log"));
  EXPECT_THAT(PathsOf(Analyze("/srv/a.log")), ElementsAre("web-2:/srv/a.log", "web-1:/srv/a.log"));
  EXPECT_THAT(PathsOf(Analyze("b.log")), ElementsAre("web-1:/srv/b.log"));
  EXPECT_THAT(PathsOf(Analyze("b")), ElementsAre("web-1:/srv/b.log"));
}

TEST_F(LogCatalogTest, SaysWhatDoesNotFitIn) {
  Grows("web-1", "/srv/a.log", 1, 3);
  Grows("web-2", "/srv/a.log", 1, 9);
  const v1::AnalyzeLogsResponse response = Analyze("", 1);
  EXPECT_THAT(PathsOf(response), ElementsAre("web-2:/srv/a.log"));
  EXPECT_EQ(response.omitted(), 1u);
}

TEST_F(LogCatalogTest, ALogThatThereIsNotIsNotFound) {
  v1::AnalyzeLogsRequest request;
  EXPECT_EQ(Catalog().Analyze(request, kNow)->analyses_size(), 0);
  request.set_log("absent.log");
  EXPECT_EQ(Catalog().Analyze(request, kNow).status().code(), absl::StatusCode::kNotFound);
}

TEST(BucketQuantileTest, IsLinearWithinABucketAndStaysBelowInfinity) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(BucketQuantile(0.5, {{1, 0}, {2, 10}, {infinity, 10}}), 1.5);
  EXPECT_EQ(BucketQuantile(0.99, {{1, 0}, {2, 10}, {infinity, 100}}), 2);
  EXPECT_TRUE(std::isnan(BucketQuantile(0.5, {})));
  EXPECT_TRUE(std::isnan(BucketQuantile(0.5, {{1, 0}, {infinity, 0}})));
}

}  // namespace
}  // namespace ora::aggregator

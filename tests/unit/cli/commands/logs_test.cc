#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

v1::LogAnalysis SchedulerAnalysis() {
  v1::LogAnalysis analysis;
  v1::Log* log = analysis.mutable_log();
  log->set_instance("web1");
  log->set_path("/var/log/application/scheduler/scheduler.log");
  log->set_component("scheduler");
  log->set_category("application");
  log->set_size_bytes(1'234'567);
  log->set_storage_bytes(4'300'000);
  log->set_files(4);
  log->set_lines(123'456);
  log->set_error_lines(140);
  analysis.mutable_window()->set_seconds(600);
  analysis.set_growth_bytes(412'000);
  analysis.set_growth_percent(64.51);
  v1::LevelCount* info = analysis.add_levels();
  info->set_level("info");
  info->set_lines(12'000);
  info->set_lines_total(120'000);
  v1::LevelCount* error = analysis.add_levels();
  error->set_level("error");
  error->set_lines(140);
  error->set_lines_total(140);
  analysis.set_error_percent(1.15);
  v1::ErrorTypeCount* type = analysis.add_error_types();
  type->set_type("ValueError");
  type->set_errors(100);
  type->set_errors_total(1'000);
  analysis.mutable_response_times()->set_count(1'234);
  analysis.mutable_response_times()->set_mean_seconds(0.3);
  analysis.mutable_response_times()->set_p50_seconds(0.12);
  analysis.mutable_response_times()->set_p95_seconds(2.1);
  analysis.mutable_response_times()->set_p99_seconds(3.4);
  return analysis;
}

class LogsTest : public testing::Test {
 protected:
  FakeShell shell_;
};

TEST_F(LogsTest, AnalyzesOneLogInFull) {
  v1::AnalyzeLogsResponse response;
  *response.add_analyses() = SchedulerAnalysis();
  shell_.aggregator.analyses.answers = {response};
  EXPECT_EQ(shell_.Ora({"logs", "analyze", "scheduler.log", "--window", "1h30m"}), 0);
  EXPECT_EQ(shell_.aggregator.analyses.requests[0].log(), "scheduler.log");
  EXPECT_EQ(shell_.aggregator.analyses.requests[0].window().seconds(), 5'400);
  EXPECT_EQ(shell_.Out(),
            "log             web1:/var/log/application/scheduler/scheduler.log\n"
            "component       scheduler (application)\n"
            "size            1.2 MB, 4.3 MB in 4 files\n"
            "growth          412 kB in 10m (64.51 %)\n"
            "lines           12,140 in the window, 123,456 in all\n"
            "levels          info 12,000  error 140\n"
            "error lines     1.15 %\n"
            "error types     ValueError  100 in the window, 1,000 in all\n"
            "response times  p50 120 ms  p95 2.10 s  p99 3.40 s  mean 300 ms  of 1,234\n");
}

TEST_F(LogsTest, AnalyzesManyLogsAsATableThatFits) {
  v1::AnalyzeLogsResponse response;
  *response.add_analyses() = SchedulerAnalysis();
  v1::LogAnalysis* empty = response.add_analyses();
  empty->mutable_log()->set_instance("web2");
  empty->mutable_log()->set_path("/b.log");
  response.set_omitted(7);
  shell_.aggregator.analyses.answers = {response};
  EXPECT_EQ(shell_.Ora({"logs", "analyze", "--width", "80"}), 0);
  EXPECT_EQ(shell_.Out(),
            "HOST  LOG                       SIZE  GROWTH  GROWTH %   LINES  ERRORS %     P95\n"
            "web1  …heduler/scheduler.log  1.2 MB  412 kB   64.51 %  12,140    1.15 %  2.10 s\n"
            "web2  /b.log                     0 B     0 B         -       0         -       -\n");
  EXPECT_EQ(shell_.Err(), "ora: 7 more logs match; name one, or raise --limit\n");
}

TEST_F(LogsTest, AnalysesAreAListForMachinesEvenIfThereIsOne) {
  v1::AnalyzeLogsResponse response;
  *response.add_analyses() = SchedulerAnalysis();
  shell_.aggregator.analyses.answers = {response};
  EXPECT_EQ(shell_.Ora({"logs", "analyze", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), testing::StartsWith("[\n  {\n    \"log\": {\n"));
  EXPECT_THAT(shell_.Out(), testing::HasSubstr("\"growth_percent\": 64.51,\n"));
}

TEST_F(LogsTest, ListsLogs) {
  v1::ListLogsResponse response;
  *response.add_logs() = SchedulerAnalysis().log();
  response.mutable_logs(0)->mutable_time()->set_seconds(FakeShell::kNowSeconds - 5);
  shell_.aggregator.logs.answers = {response};
  EXPECT_EQ(shell_.Ora({"logs", "list", "--host", "web1", "--component", "scheduler"}), 0);
  EXPECT_EQ(shell_.aggregator.logs.requests[0].instance(), "web1");
  EXPECT_EQ(shell_.aggregator.logs.requests[0].component(), "scheduler");
  EXPECT_EQ(
      shell_.Out(),
      "HOST  LOG                                           COMPONENT    SIZE  FILES    LINES  "
      "ERRORS  LOST  STORAGE   AS OF\n"
      "web1  /var/log/application/scheduler/scheduler.log  scheduler  1.2 MB      4  123,456  "
      "   140   0 B   4.3 MB  5s ago\n");
}

TEST_F(LogsTest, SaysThatNoLogMatches) {
  EXPECT_EQ(shell_.Ora({"logs", "list", "--host", "web9"}), 0);
  EXPECT_EQ(shell_.Err(), "ora: no log matches; `ora logs list` shows all\n");
}

TEST_F(LogsTest, RefusesABadWindow) {
  EXPECT_EQ(shell_.Ora({"logs", "analyze", "--window", "wide"}), 2);
  EXPECT_TRUE(shell_.aggregator.analyses.requests.empty());
}

}  // namespace
}  // namespace ora::cli

// Whole logs as their programs write them: tests/data/logs.
#include <gtest/gtest.h>

#include <string>

#include "collector/classify/log_accounts.h"
#include "storage/env/posix_file_system.h"
#include "tests/unit/collector/recording_sink.h"

namespace ora::collector {
namespace {

struct SampleLog {
  const char* name;
  // Unknown, debug, info, warning, error, critical.
  std::array<int, 6> lines;
  std::map<std::string, int> errors;
  int responses;
};

void PrintTo(const SampleLog& log, std::ostream* out) { *out << log.name; }

class SampleLogsTest : public testing::TestWithParam<SampleLog> {};

TEST_P(SampleLogsTest, AreCounted) {
  const SampleLog& want = GetParam();
  storage::PosixFileSystem files;
  const auto text = files.ReadWhole(absl::StrCat("tests/data/logs/", want.name, ".log"), 1 << 20);
  ASSERT_TRUE(text.ok()) << text.status();
  LogAccounts accounts({});
  accounts.OnLog(1, {}, LogOrigin::kFirstScan);
  accounts.OnLines(1, *text);
  RecordingSink sink;
  accounts.EmitTo(sink);
  sink.BeginTick();
  accounts.EmitTo(sink);  // What was awaited at the first is told.
  constexpr std::array<const char*, 6> kLevels = {"unknown", "debug", "info",
                                                  "warning", "error", "critical"};
  for (size_t i = 0; i < kLevels.size(); ++i) {
    EXPECT_EQ(
        sink.Value(absl::StrCat("ora_log_lines_total{job=\"log\",level=\"", kLevels[i], "\"}")),
        want.lines[i])
        << kLevels[i];
  }
  for (const auto& [type, count] : want.errors) {
    EXPECT_EQ(sink.Value(absl::StrCat("ora_log_errors_total{job=\"log\",type=\"", type, "\"}")),
              count)
        << type;
  }
  EXPECT_EQ(sink.Value("ora_log_response_seconds_count{job=\"log\"}").value_or(0), want.responses);
}

INSTANTIATE_TEST_SUITE_P(
    Logs, SampleLogsTest,
    testing::Values(
        SampleLog{"python",
                  {4, 1, 1, 1, 2, 1},
                  {{"shop.gateway.GatewayTimeout", 1}, {"KeyError", 1}, {"other", 1}},
                  2},
        SampleLog{"syslog", {2, 0, 0, 1, 1, 0}, {{"other", 1}}, 0},
        SampleLog{"json", {0, 0, 1, 0, 2, 0}, {{"java.io.IOException", 1}, {"TypeError", 1}}, 1},
        SampleLog{"access", {0, 0, 1, 1, 1, 0}, {{"other", 1}}, 3},
        SampleLog{"java", {4, 0, 1, 1, 1, 0}, {{"java.lang.IllegalStateException", 1}}, 1}),
    [](const testing::TestParamInfo<SampleLog>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ora::collector

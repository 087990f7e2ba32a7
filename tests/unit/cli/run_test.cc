#include "cli/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class RunTest : public testing::Test {
 protected:
  FakeShell shell_;
};

TEST_F(RunTest, AsksTheLocalAggregatorForTenSecondsUnlessTold) {
  EXPECT_EQ(shell_.Ora({"hosts", "list"}), 0);
  EXPECT_EQ(shell_.address, "127.0.0.1:7460");
  EXPECT_EQ(shell_.deadline, absl::FromUnixSeconds(FakeShell::kNowSeconds + 10));
}

TEST_F(RunTest, TakesTheAddressFromTheEnvironmentAndTheFlagFirst) {
  shell_.variables["ORA_AGGREGATOR"] = "db1:1";
  shell_.Ora({"hosts", "list"});
  EXPECT_EQ(shell_.address, "db1:1");
  shell_.Ora({"--aggregator", "db2:2", "--timeout=1m", "hosts", "list"});
  EXPECT_EQ(shell_.address, "db2:2");
  EXPECT_EQ(shell_.deadline, absl::FromUnixSeconds(FakeShell::kNowSeconds + 60));
}

TEST_F(RunTest, TakesSharedFlagsBeforeAndAfterTheCommand) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-o", "json", "hosts", "list"},
        {"hosts", "-o", "json", "list"},
        {"hosts", "list", "--output=json"}}) {
    EXPECT_EQ(shell_.Ora(words), 0);
    EXPECT_EQ(shell_.Out(), "[]\n");
  }
}

struct WrongUseCase {
  const char* name;
  std::vector<std::string> words;
  const char* message;
};

class WrongUseTest : public testing::TestWithParam<WrongUseCase> {};

TEST_P(WrongUseTest, IsStatusTwoAndOneHelpfulLine) {
  FakeShell shell;
  EXPECT_EQ(shell.Ora(GetParam().words), 2);
  EXPECT_EQ(shell.Out(), "");
  EXPECT_EQ(shell.Err(), std::string("ora: ") + GetParam().message + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Uses, WrongUseTest,
    testing::Values(
        WrongUseCase{"NoCommand",
                     {},
                     "`ora` wants a command: hosts, logs, query, series, labels, "
                     "alerts, rules, admin, version; see `ora --help`"},
        WrongUseCase{"NoSubcommand",
                     {"hosts"},
                     "`ora hosts` wants a command: list, show; see `ora hosts --help`"},
        WrongUseCase{"Misspelt",
                     {"-o", "json", "hosst", "list"},
                     "unknown command `ora hosst`; did you mean `hosts`?"},
        WrongUseCase{"MisspeltBelow",
                     {"alerts", "lsit"},
                     "unknown command `ora alerts lsit`; did you mean `list`?"},
        WrongUseCase{"Strange", {"teapot"}, "unknown command `ora teapot`; see `ora --help`"},
        WrongUseCase{"UnknownFlag",
                     {"alerts", "list", "--exit-cod"},
                     "unknown flag `--exit-cod`; did you mean `--exit-code`?"},
        WrongUseCase{"Format",
                     {"hosts", "list", "-o", "xml"},
                     "--output: `xml` is no format; say table, json or csv"},
        WrongUseCase{"Timeout",
                     {"hosts", "list", "--timeout", "soon"},
                     "--timeout: `soon` is no duration; say for example 30s, 10m, 1h30m or 2d"},
        WrongUseCase{"NoTimeout",
                     {"hosts", "list", "--timeout", "0"},
                     "--timeout: `0` leaves no time; say for example 10s"},
        WrongUseCase{"NoExpression", {"query"}, "EXPR is required; see `ora query --help`"},
        WrongUseCase{"Unquoted",
                     {"query", "up", "==", "1"},
                     "unexpected word `==`; quote what belongs together; see `ora query --help`"},
        WrongUseCase{"DashFirst", {"query", "-up"}, "unknown flag `-up`; see `ora query --help`"},
        WrongUseCase{"NarrowWidth",
                     {"hosts", "list", "--width", "19"},
                     "--width: Value 19 not in range 20 to 10000; see `ora hosts list --help`"},
        WrongUseCase{"HostState",
                     {"hosts", "list", "--state", "x\x1b"},
                     "--state: `x\\x1b` is no state of a host; say live or silent"}),
    [](const testing::TestParamInfo<WrongUseCase>& info) { return info.param.name; });

struct ErrorCase {
  const char* name;
  absl::Status error;
  int status;
  const char* message;
};

class FailedCallTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(FailedCallTest, HasItsStatusAndOneLine) {
  FakeShell shell;
  shell.aggregator.error = GetParam().error;
  EXPECT_EQ(shell.Ora({"hosts", "show", "web1"}), GetParam().status);
  EXPECT_EQ(shell.Out(), "");
  EXPECT_EQ(shell.Err(), std::string("ora: ") + GetParam().message + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Errors, FailedCallTest,
    testing::Values(
        ErrorCase{"Refused",
                  absl::UnavailableError("failed to connect to all addresses; last error: UNKNOWN: "
                                         "ipv4:127.0.0.1:7460: Failed to connect to remote host: "
                                         "Connection refused"),
                  3,
                  "cannot reach the aggregator at 127.0.0.1:7460: connection refused; is "
                  "ora-aggregator running? set --aggregator or ORA_AGGREGATOR"},
        ErrorCase{"Stopping", absl::UnavailableError("store: is stopping"), 3,
                  "cannot reach the aggregator at 127.0.0.1:7460: store: is stopping; is "
                  "ora-aggregator running? set --aggregator or ORA_AGGREGATOR"},
        ErrorCase{"Late", absl::DeadlineExceededError("Deadline Exceeded"), 3,
                  "the aggregator at 127.0.0.1:7460 did not answer within 10s; check the address, "
                  "or raise --timeout for a heavy request"},
        ErrorCase{"Invalid", absl::InvalidArgumentError("instance: is empty"), 2,
                  "instance: is empty"},
        ErrorCase{"NotFound", absl::NotFoundError("host `web1`:\nnever\x1b heard"), 1,
                  "host `web1`:\\nnever\\x1b heard"},
        ErrorCase{"Wordless", absl::InternalError(""), 1, "INTERNAL"},
        ErrorCase{"Unimplemented", absl::UnimplementedError(""), 1,
                  "the aggregator at 127.0.0.1:7460 does not know this request; is it older than "
                  "this ora? see `ora version`"}),
    [](const testing::TestParamInfo<ErrorCase>& info) { return info.param.name; });

TEST_F(RunTest, HelpsWithAnExampleInLinesThatFit) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--help"},
                                                {"hosts", "-h"},
                                                {"hosts", "list", "--help"},
                                                {"hosts", "show", "--help"},
                                                {"logs", "list", "--help"},
                                                {"logs", "analyze", "--help"},
                                                {"query", "--help"},
                                                {"series", "--help"},
                                                {"labels", "--help"},
                                                {"alerts", "list", "--help"},
                                                {"alerts", "show", "--help"},
                                                {"alerts", "report", "--help"},
                                                {"admin", "status", "--help"},
                                                {"version", "--help"}}) {
    EXPECT_EQ(shell_.Ora(words), 0);
    EXPECT_EQ(shell_.Err(), "");
    std::istringstream lines(shell_.Out());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
  EXPECT_THAT(shell_.Out(), HasSubstr("Example: ora version"));
}

TEST_F(RunTest, ShowsBothVersions) {
  v1::GetStatusResponse status;
  status.set_version("9.8.7");
  shell_.aggregator.status.answers = {status};
  EXPECT_EQ(shell_.Ora({"version"}), 0);
  EXPECT_THAT(shell_.Out(), StartsWith("ora "));
  EXPECT_THAT(shell_.Out(), EndsWith("\nora-aggregator 9.8.7 at 127.0.0.1:7460\n"));
}

TEST_F(RunTest, ShowsItsOwnVersionWhereNoAggregatorAnswers) {
  shell_.aggregator.error = absl::UnavailableError("gone");
  EXPECT_EQ(shell_.Ora({"version"}), 0);
  EXPECT_THAT(shell_.Out(), EndsWith("\nno aggregator answers at 127.0.0.1:7460\n"));
  EXPECT_EQ(shell_.Ora({"version", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), HasSubstr("\"aggregator\": null"));
}

TEST_F(RunTest, ColoursOnATerminalUnlessToldNot) {
  v1::ListHostsResponse response;
  response.add_hosts()->set_state(v1::HOST_STATE_LIVE);
  shell_.aggregator.hosts.answers = {response};
  shell_.Ora({"hosts", "list"});
  EXPECT_THAT(shell_.Out(), testing::Not(HasSubstr("\x1b")));
  shell_.terminal_width = 80;
  shell_.Ora({"hosts", "list"});
  EXPECT_THAT(shell_.Out(), HasSubstr("\x1b[32mlive\x1b[0m"));
  shell_.variables["NO_COLOR"] = "1";
  shell_.Ora({"hosts", "list"});
  EXPECT_THAT(shell_.Out(), testing::Not(HasSubstr("\x1b")));
}

TEST_F(RunTest, SaysWhenTheOutputCannotBeWritten) {
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  FakeAggregator aggregator;
  const Surroundings surroundings{.variable = [](const char*) { return std::string(); },
                                  .now = absl::UnixEpoch(),
                                  .connect =
                                      [&aggregator](const std::string&, absl::Time) {
                                        return absl::StatusOr<std::unique_ptr<AggregatorClient>>(
                                            std::make_unique<FakeClient>(aggregator));
                                      },
                                  .out = out,
                                  .err = err};
  EXPECT_EQ(cli::Run({"hosts", "list", "-o", "json"}, surroundings), ExitStatus::kBadNews);
  EXPECT_EQ(err.str(), "ora: cannot write the output; is the disk full?\n");
}

}  // namespace
}  // namespace ora::cli

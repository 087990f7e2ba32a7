#include "collector/classify/line_classifier.h"

#include <gtest/gtest.h>

#include <string>

#include "collector/classify/level_words.h"

namespace ora::collector {
namespace {

struct LineCase {
  const char* name;
  const char* line;
  Level level;
  const char* error_type = "";
  double seconds = -1;  // None.
};

void PrintTo(const LineCase& line, std::ostream* out) { *out << line.line; }

class LineClassifierTest : public testing::TestWithParam<LineCase> {};

TEST_P(LineClassifierTest, TellsLevelTypeAndTime) {
  const LineCase& want = GetParam();
  LineClassifier classifier;
  const LineClass got = classifier.Classify(want.line);
  EXPECT_EQ(LevelName(got.level), LevelName(want.level));
  EXPECT_EQ(got.error_type, want.error_type);
  EXPECT_FALSE(got.continuation);
  EXPECT_FALSE(got.begins_trace);
  EXPECT_DOUBLE_EQ(got.response_seconds.value_or(-1), want.seconds);
}

std::string NameOf(const testing::TestParamInfo<LineCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Python, LineClassifierTest,
    testing::Values(
        LineCase{"Default", "2024-01-01 12:00:00,123 - my.app - ERROR - it broke", Level::kError},
        LineCase{"Typed", "2024-01-01 12:00:00,123 - app - ERROR - ValueError: bad value 7",
                 Level::kError, "ValueError"},
        LineCase{"TypedWithin",
                 "2024-01-01 12:00:00,123 - app - CRITICAL - lost: "
                 "requests.exceptions.ConnectionError('x')",
                 Level::kCritical, "requests.exceptions.ConnectionError"},
        LineCase{"ErrorOnlyInMessage",
                 "2024-01-01 12:00:00,123 - app - INFO - shown the ERROR page", Level::kInfo},
        LineCase{"Took", "2024-01-01 12:00:00,123 - app - DEBUG - request took 1.5s", Level::kDebug,
                 "", 1.5},
        LineCase{"Basic", "ERROR:root:it broke", Level::kError},
        LineCase{"BasicWarning", "WARNING:app.db:slow", Level::kWarning},
        LineCase{"Bracketed", "[2024-01-01 12:00:00,123] [WARNING] [app] low", Level::kWarning},
        LineCase{"Gunicorn", "[2024-01-01 12:00:00 +0000] [123] [ERROR] Worker died",
                 Level::kError},
        LineCase{"Uvicorn", "INFO:     127.0.0.1:55 - \"GET / HTTP/1.1\" 200 OK", Level::kInfo},
        LineCase{"Loguru", "2024-01-01 12:00:00.123 | ERROR    | mod:run:1 - no", Level::kError},
        LineCase{"LevelFirst", "2024-01-01 12:00:00 WARNING app: x", Level::kWarning}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Syslog, LineClassifierTest,
    testing::Values(
        LineCase{"Bsd", "Nov 23 05:45:09 web1 sshd[812]: error: kex_exchange: closed",
                 Level::kError},
        LineCase{"BsdQuiet", "Nov  3 05:45:09 web1 cron[8]: (root) CMD (run-parts)",
                 Level::kUnknown},
        LineCase{"BsdNoError", "Nov 23 05:45:09 web1 fsck[8]: done, no error: all clean",
                 Level::kUnknown},
        LineCase{"Priority", "<27>Oct 11 22:14:15 host su: cannot", Level::kError},
        LineCase{"PriorityDebug", "<7>Oct 11 22:14:15 host su: ERROR page shown", Level::kDebug},
        LineCase{"Rfc5424",
                 "<132>1 2003-10-11T22:14:15.003Z h app 12 ID47 [a@1 b=\"c\\]\"] took 20ms",
                 Level::kWarning, "", 0.02},
        LineCase{"Iso", "2026-11-23T05:45:09.123456+00:00 web1 app[9]: ERROR: no disk",
                 Level::kError},
        LineCase{"Logfmt", "Nov 23 05:45:09 h dockerd[1]: time=\"2024\" level=error msg=\"gone\"",
                 Level::kError},
        LineCase{"Json", "Nov 23 05:45:09 h app[1]: {\"level\":\"warn\",\"msg\":\"x\"}",
                 Level::kWarning},
        LineCase{"Exception", "Nov 23 05:45:09 h app[1]: ValueError: bad", Level::kError,
                 "ValueError"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Structured, LineClassifierTest,
    testing::Values(
        LineCase{"Json", R"({"ts":"2024-01-01","level":"error","msg":"no"})", Level::kError},
        LineCase{"Pino", R"({"level":50,"time":1700000000,"msg":"x","err":{"type":"TypeError"}})",
                 Level::kError, "TypeError"},
        LineCase{"Bunyan", R"({"name":"a","level":30,"responseTime":12,"msg":"x"})", Level::kInfo,
                 "", 12},
        LineCase{"LevelName", R"({"levelname": "CRITICAL", "error.type": "a.b.OopsError"})",
                 Level::kCritical, "a.b.OopsError"},
        LineCase{"Trace",
                 R"({"severity":"ERROR","exc_info":"Traceback (most recent call last):\n  F)"
                 R"(\nKeyError: 'a'"})",
                 Level::kError, "KeyError"},
        LineCase{"DurationMillis", R"({"level":"info","duration_ms":12.5})", Level::kInfo, "",
                 0.0125},
        LineCase{"DurationText", R"({"level":"info","elapsed":"1m3s"})", Level::kInfo, "", 63},
        LineCase{"Ecs", R"({"log":{"level":"warn"},"event.duration":5000000})", Level::kWarning, "",
                 0.005},
        LineCase{"LevelInMessage", R"({"msg":"ERROR in \"level\":\"error\"","level":"info"})",
                 Level::kInfo},
        LineCase{"Nested", R"({"a":{"level":"error"},"b":[{"c":1}],"level":"debug"})",
                 Level::kDebug},
        LineCase{"CutOff", R"({"level":"error","msg":"abc)", Level::kError},
        LineCase{"NoLevel", R"({"msg":"ERROR"})", Level::kUnknown},
        LineCase{"Logfmt", "time=2024-01-01T00:00:00Z level=error msg=\"no way\" took=12ms",
                 Level::kError, "", 0.012},
        LineCase{"LogfmtSeconds", "ts=1 lvl=info duration=0.25 msg=ok", Level::kInfo, "", 0.25},
        LineCase{"LogfmtQuoted", "msg=\"a level=error b\" level=info", Level::kInfo}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Others, LineClassifierTest,
    testing::Values(
        LineCase{"Logback", "2024-01-01 12:00:00.123 [main] ERROR c.a.B - no: java.io.IOException",
                 Level::kError, "java.io.IOException"},
        LineCase{"LogbackShort", "12:00:00.123 [http-1] WARN  c.a.B - x", Level::kWarning},
        LineCase{"Spring",
                 "2024-01-01 12:00:00.123  INFO 1 --- [main] c.a.B : Started in 2.5 seconds",
                 Level::kInfo, "", 2.5},
        LineCase{"GlogError", "E1123 05:45:09.123456 123 file.cc:12] bad", Level::kError},
        LineCase{"GlogInfo", "I1123 05:45:09.123456 123 file.cc:12] ERROR page", Level::kInfo},
        LineCase{"AccessServerError",
                 "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 502 12 \"-\" "
                 "\"curl\" rt=0.125",
                 Level::kError, "", 0.125},
        LineCase{"AccessClientError",
                 "::1 - bob [10/Oct/2000:13:55:36 -0700] \"GET /\\\"x HTTP/1.0\" 404 12",
                 Level::kWarning},
        LineCase{"AccessFine",
                 "h.example - - [10/Oct/2000:13:55:36 -0700] \"GET /ERROR HTTP/1.0\" 200 5",
                 Level::kInfo},
        LineCase{"NginxError", "2024/01/01 12:00:00 [error] 12#0: *1 connect() failed",
                 Level::kError},
        LineCase{"ApacheError",
                 "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 3:tid 4] no file",
                 Level::kError},
        LineCase{"Spdlog", "[2024-01-01 12:00:00.123] [net] [critical] gone", Level::kCritical},
        LineCase{"Ora", "2026-11-23T05:45:09.123Z info storage: opened", Level::kInfo},
        LineCase{"OraWarning", "2026-11-23T05:45:09.123Z warning tail: x", Level::kWarning},
        LineCase{"Postgres", "2024-01-01 12:00:00.123 UTC [12] FATAL:  no", Level::kCritical}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    BareWords, LineClassifierTest,
    testing::Values(LineCase{"Word", "something ERROR happened", Level::kError},
                    LineCase{"Fatal", "FATAL could not start", Level::kCritical},
                    LineCase{"Start", "error: no such file", Level::kError},
                    LineCase{"Capital", "Warning: disk is nearly full", Level::kWarning},
                    LineCase{"ZeroErrors", "done with 0 errors", Level::kUnknown},
                    LineCase{"ZeroUpper", "done, 0 ERROR lines", Level::kUnknown},
                    LineCase{"ErrorIsZero", "result error=0 ok", Level::kUnknown},
                    LineCase{"ErrorColonZero", "error: 0, all fine", Level::kUnknown},
                    LineCase{"NoError", "no error", Level::kUnknown},
                    LineCase{"NoErrorUpper", "there was NO ERROR", Level::kUnknown},
                    LineCase{"PartOfName", "set ERROR_LIMIT and MAX-ERROR", Level::kUnknown},
                    LineCase{"PartOfPath", "wrote /var/log/ERROR.log", Level::kUnknown},
                    LineCase{"LowerCase", "an error occurred", Level::kUnknown},
                    LineCase{"Empty", "", Level::kUnknown},
                    LineCase{"NoText", "\xff\xfe\x00", Level::kUnknown}),
    NameOf);

struct WordCase {
  const char* name;
  Level level;
};

class LevelWordTest : public testing::TestWithParam<WordCase> {};

TEST_P(LevelWordTest, IsKnownInAnyCase) {
  std::string word = GetParam().name;
  EXPECT_EQ(ParseLevel(word), GetParam().level);
  for (char& c : word) c = static_cast<char>(toupper(c));
  EXPECT_EQ(ParseLevel(word), GetParam().level);
  EXPECT_EQ(ParseLevel(word + "x"), absl::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Words, LevelWordTest,
    testing::Values(WordCase{"trace", Level::kDebug}, WordCase{"debug", Level::kDebug},
                    WordCase{"info", Level::kInfo}, WordCase{"notice", Level::kInfo},
                    WordCase{"information", Level::kInfo}, WordCase{"warn", Level::kWarning},
                    WordCase{"warning", Level::kWarning}, WordCase{"err", Level::kError},
                    WordCase{"error", Level::kError}, WordCase{"severe", Level::kError},
                    WordCase{"critical", Level::kCritical}, WordCase{"crit", Level::kCritical},
                    WordCase{"fatal", Level::kCritical}, WordCase{"emerg", Level::kCritical},
                    WordCase{"emergency", Level::kCritical}, WordCase{"alert", Level::kCritical},
                    WordCase{"panic", Level::kCritical}),
    [](const testing::TestParamInfo<WordCase>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ora::collector

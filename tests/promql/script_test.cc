#include "tests/promql/script_runner.h"

#include "absl/strings/str_cat.h"
#include "aggregator/promql/parser/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_clock.h"
#include "tests/promql/at_times.h"

namespace ora::promql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr char kLoad[] =
    "load 1m\n"
    "  up{host=\"a\"} 1 2 3\n"
    "  up{host=\"b\"} 4+1x2\n"
    "\n";

ScriptOutcome RunLoaded(absl::string_view script) {
  fakes::ManualClock clock;
  return RunScript(absl::StrCat(kLoad, script), ScriptSettings(), clock);
}

// What fails in a script with one eval; empty if it passes.
std::string Failure(absl::string_view eval) {
  const ScriptOutcome outcome = RunLoaded(eval);
  EXPECT_EQ(outcome.passed + outcome.failures.size(), 1u);
  return outcome.failures.empty() ? "" : outcome.failures[0].reason;
}

TEST(ScriptTest, PassesWhatIsAsExpected) {
  EXPECT_EQ(Failure("eval instant at 2m up\n up{host=\"a\"} 3\n up{host=\"b\"} 6"), "");
  EXPECT_EQ(Failure("eval instant at 2m 1 + 1\n 2"), "");
  EXPECT_EQ(Failure("eval instant at 2m nothing"), "");
  EXPECT_EQ(Failure("eval range from 0 to 2m step 1m up{host=\"a\"}\n up{host=\"a\"} 1 2 3"), "");
}

TEST(ScriptTest, TellsEachWayInWhichAResultDiffers) {
  EXPECT_THAT(Failure("eval instant at 0 up{host=\"a\"}\n up{host=\"a\"} 2"),
              HasSubstr("is 1, expected 2"));
  EXPECT_THAT(Failure("eval instant at 0 up{host=\"a\"}"), HasSubstr("is not expected"));
  EXPECT_THAT(Failure("eval instant at 0 nothing\n up 1"), HasSubstr("is missing"));
  EXPECT_THAT(Failure("eval instant at 0 scalar(up{host=\"a\"})\n {} 1"), HasSubstr("scalar"));
  EXPECT_THAT(Failure("eval instant at 0 vector(1)\n 1"), HasSubstr("expected a scalar"));
  EXPECT_THAT(Failure("eval range from 0 to 2m step 1m up{host=\"a\"}\n up{host=\"a\"} 1 _ 3"),
              HasSubstr("where none is expected"));
  EXPECT_THAT(Failure("eval range from 0 to 8m step 8m up{host=\"a\"}\n up{host=\"a\"} 1 3"),
              HasSubstr("has no value at 480000 ms"));
}

TEST(ScriptTest, OrderCountsOnlyWhereItIsAskedFor) {
  EXPECT_EQ(Failure("eval instant at 0 up\n up{host=\"b\"} 4\n up{host=\"a\"} 1"), "");
  EXPECT_EQ(Failure("eval_ordered instant at 0 sort(up)\n up{host=\"a\"} 1\n up{host=\"b\"} 4"),
            "");
  EXPECT_THAT(Failure("eval instant at 0 sort_desc(up)\n expect ordered\n"
                      " up{host=\"a\"} 1\n up{host=\"b\"} 4"),
              HasSubstr("place 1 is"));
}

TEST(ScriptTest, FailuresAreComparedWithTheirText) {
  EXPECT_EQ(Failure("eval_fail instant at 0 up + on () up"), "");
  EXPECT_EQ(Failure("eval_fail instant at 0 up + on () up\n expected_fail_regexp found dup.*"), "");
  EXPECT_THAT(Failure("eval instant at 0 up + on () up\n expect fail msg: other"),
              HasSubstr("fails with"));
  EXPECT_THAT(Failure("eval_fail instant at 0 up"), HasSubstr("expected a failure"));
  EXPECT_THAT(Failure("eval instant at 0 up + on () up"), HasSubstr("fails: found duplicate"));
}

TEST(ScriptTest, EveryNoteOfAKindMustBeExpectedOnceOneIs) {
  constexpr char kQuantile[] = "eval instant at 0 quantile(2, up) + quantile(3, up)\n";
  const auto with = [&](absl::string_view lines) {
    return Failure(absl::StrCat(kQuantile, lines, " {} Inf"));
  };
  EXPECT_EQ(with(""), "");
  EXPECT_EQ(with(" expect warn\n"), "");
  EXPECT_EQ(with(" expect warn regex: got 2\n expect warn regex: got 3\n"), "");
  EXPECT_THAT(with(" expect warn regex: got 2\n"), HasSubstr("warning is not expected"));
  EXPECT_THAT(with(" expect warn regex: got 4\n expect warn\n"), HasSubstr("expected warning"));
  EXPECT_THAT(with(" expect no_warn\n"), HasSubstr("no warning is expected"));
  EXPECT_THAT(with(" expect info\n"), HasSubstr("expected info"));
  EXPECT_EQ(with(" expect no_info\n"), "");
}

TEST(ScriptTest, LoadsEveryFormOfValues) {
  const ScriptOutcome outcome = RunLoaded(
      "load 1m\n"
      "  n 1x2 _ 5-2x1 _x2 stale Inf -.5e1\n"
      "\n"
      "eval range from 0 to 10m step 1m count_over_time(n[1m])\n"
      "  {} 1 1 1 _ 1 1 _ _ _ 1 1\n"
      "\n"
      "eval range from 0 to 10m step 1m n\n"
      "  n 1 1 1 1 5 3 3 3 _ Inf -5\n");
  EXPECT_THAT(outcome.failures, IsEmpty());
  EXPECT_EQ(outcome.passed, 2u);
}

TEST(ScriptTest, ClearForgetsAndLaterLoadsAdd) {
  const ScriptOutcome outcome = RunLoaded(
      "load 1m\n  up{host=\"a\"} 9\n\n"
      "eval instant at 0 sum(up)\n  {} 13\n\n"
      "# The next block begins with nothing.\nclear\n\n"
      "eval instant at 0 up\n");
  EXPECT_THAT(outcome.failures, IsEmpty());
  EXPECT_EQ(outcome.passed, 2u);
}

TEST(ScriptTest, OfTwoLinesForOneSeriesTheLaterStays) {
  const ScriptOutcome outcome = RunLoaded(
      "load 1m\n  twice 1 2 3\n  twice 9\n\n"
      "eval range from 0 to 2m step 1m count_over_time(twice[1m])\n  {} 1\n\n"
      "eval instant at 0 twice\n  twice 9\n");
  EXPECT_THAT(outcome.failures, IsEmpty());
  EXPECT_EQ(outcome.passed, 2u);
}

TEST(ScriptTest, LinesThatAreNotUnderstoodFail) {
  const ScriptOutcome outcome = RunLoaded(
      "frobnicate\n\n"
      "load often\n\n"
      "eval instant at 0 up\n  up{host=} 1\n\n"
      "eval instant at 0 up\n  up{host=\"a\"} 1 2\n\n"
      "eval sometimes up\n");
  ASSERT_THAT(outcome.failures, SizeIs(5));
  EXPECT_EQ(outcome.failures[0].line, 5u);
  EXPECT_EQ(outcome.failures[4].line, 15u);
}

TEST(ScriptTest, WhatIsSetAsideIsSkippedByName) {
  const ScriptOutcome outcome = RunLoaded(
      "load 1m\n  hist {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x5\n  "
      "typed{__type__=\"gauge\"} 1\n\n"
      "load_with_nhcb 1m\n  old_bucket{le=\"1\"} 1\n  old_bucket{le=\"+Inf\"} 2\n\n"
      "eval instant at 1m hist\n\n"
      "eval instant at 0 histogram_quantile(0.5, old)\n\n"
      "eval instant at 0 up[1m * 2]\n\n"
      "eval instant at 0 info(up)\n\n"
      "eval instant at 0 typed\n\n"
      "eval instant at 0 limit_ratio(0.5, up)\n  up{host=\"c\"} 1\n");
  EXPECT_THAT(outcome.failures, IsEmpty());
  EXPECT_THAT(
      outcome.skipped,
      ElementsAre(Pair("duration expressions", 1), Pair("info()", 1), Pair("native histograms", 2),
                  Pair("the hash of limit_ratio", 1), Pair("type and unit labels", 1)));
}

TEST(ScriptTest, ASeriesThatIsNoHistogramYetIsNotSetAside) {
  const ScriptOutcome outcome = RunLoaded(
      "load 1m\n  turns 1 1 _x8 {{count:1}}x5\n\n"
      "eval instant at 1m turns\n  turns 1\n");
  EXPECT_EQ(outcome.passed, 1u);
}

TEST(ScriptTest, AQueryRunsAgainWithItsTimeFixed) {
  const auto fixed = [](absl::string_view text) {
    const absl::StatusOr<ExprPtr> expr = ParseExpression(text);
    return expr.ok() ? PrintAtTime(**expr, 5000).value_or("none") : "no expression";
  };
  EXPECT_EQ(fixed("up + up offset 1m"), "up @ 5.000 + up @ 5.000 offset 1m");
  EXPECT_EQ(fixed("rate(up[1m] @ 3)"), "rate(up[1m] @ 3.000)");
  EXPECT_EQ(fixed("sum_over_time((up + up @ 1)[1m:])"),
            "sum_over_time((up + up @ 1.000)[1m:] @ 5.000)");
  EXPECT_EQ(fixed("up @ end()"), "up @ 5.000");
  EXPECT_EQ(fixed("up + time()"), "none");
  EXPECT_EQ(fixed("predict_linear(up[1m], 1)"), "none");
}

TEST(ScriptTest, SettingsReachTheEngine) {
  fakes::ManualClock clock;
  ScriptSettings settings;
  settings.lookback_millis = 1000;
  EXPECT_EQ(RunScript(absl::StrCat(kLoad, "eval instant at 2001ms up"), settings, clock).passed,
            1u);
  settings.samples_max = 1;
  const ScriptOutcome outcome =
      RunScript(absl::StrCat(kLoad, "eval instant at 0 up"), settings, clock);
  ASSERT_THAT(outcome.failures, SizeIs(1));
  EXPECT_THAT(outcome.failures[0].reason, HasSubstr("too many samples"));
  settings = ScriptSettings();
  settings.timeout = absl::ZeroDuration();
  const ScriptOutcome late =
      RunScript(absl::StrCat(kLoad, "eval instant at 0 up"), settings, clock);
  ASSERT_THAT(late.failures, SizeIs(1));
  EXPECT_THAT(late.failures[0].reason, HasSubstr("query took longer than 0"));
}

}  // namespace
}  // namespace ora::promql

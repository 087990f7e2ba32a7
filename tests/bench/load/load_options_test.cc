#include "tests/bench/load/load_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ora::bench {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

absl::StatusOr<CommandLine> Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "ora-load");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return ParseLoadOptions(static_cast<int>(arguments.size()), arguments.data(), kNow);
}

std::string ErrorOf(const std::vector<std::string>& words) {
  return std::string(Parse(words).status().message());
}

TEST(LoadOptionsTest, TheDataEndsNowUnlessSaidOtherwise) {
  const auto plain = Parse({"--binary", "b", "--duration", "1h"});
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->options.batches, 360U);
  EXPECT_EQ(plain->options.start, kNow - absl::Hours(1));
  const auto late = Parse({"--binary", "b", "--duration", "1h", "--late"});
  ASSERT_TRUE(late.ok());
  EXPECT_LT(late->options.start, kNow - absl::Hours(24));
  const auto given = Parse({"--binary", "b", "--start", "2023-11-14T00:00:00Z"});
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(given->options.start, absl::FromUnixSeconds(1'699'920'000));
}

TEST(LoadOptionsTest, OneOfAggregatorAndBinaryIsNeeded) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("--binary PATH or --aggregator"));
  EXPECT_FALSE(Parse({"--binary", "b", "--aggregator", "localhost:1"}).ok());
}

TEST(LoadOptionsTest, SettlingNeedsAnAggregatorThatItMayRestart) {
  EXPECT_THAT(ErrorOf({"--aggregator", "localhost:1", "--settle"}), HasSubstr("--settle"));
  EXPECT_TRUE(Parse({"--binary", "b", "--settle"}).ok());
}

TEST(LoadOptionsTest, WhatIsOutOfRangeIsRefusedByName) {
  EXPECT_THAT(ErrorOf({"--binary", "b", "--step", "soon"}), HasSubstr("--step: is `soon`"));
  EXPECT_THAT(ErrorOf({"--binary", "b", "--batches", "0"}), HasSubstr("--batches"));
  EXPECT_THAT(ErrorOf({"--binary", "b", "--churn", "2"}), HasSubstr("--churn"));
  EXPECT_THAT(ErrorOf({"--binary", "b", "--warm-up", "1s"}), HasSubstr("--rate"));
  EXPECT_THAT(ErrorOf({"--binary", "b", "--hosts", "0"}), HasSubstr("--hosts"));
}

TEST(LoadOptionsTest, HelpIsNoError) {
  const auto help = Parse({"--help"});
  ASSERT_TRUE(help.ok());
  EXPECT_THAT(help->help, HasSubstr("--hosts-per-connection"));
}

}  // namespace
}  // namespace ora::bench

#include "collector/classify/groups/error_groups.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

class ErrorGroupsTest : public testing::Test {
 protected:
  static Redaction Default() {
    auto redaction = Redaction::Make({});
    EXPECT_TRUE(redaction.ok());
    return *std::move(redaction);
  }

  void Take(const std::string& message, int64_t time_millis = 0) {
    groups_.Take({"E", message, ""}, {time_millis, "before", message, "after"});
  }

  const Redaction redaction_ = Default();
  ErrorGroups groups_{{.groups_max = 2, .sample_bytes_max = 20}, redaction_};
};

TEST_F(ErrorGroupsTest, CountsTheSameTogetherAndKeepsTheFirstAndTheLast) {
  Take("order 1 failed", 10);
  Take("order 2 failed", 20);
  Take("order 3 failed", 30);
  ASSERT_EQ(groups_.groups().size(), 1u);
  const ErrorGroup& group = groups_.groups()[0];
  EXPECT_EQ(group.count, 3u);
  EXPECT_EQ(group.title, "E: order <n> failed");
  EXPECT_EQ(group.first.time_millis, 10);
  EXPECT_EQ(group.first.text, "order 1 failed");
  EXPECT_EQ(group.last.time_millis, 30);
  EXPECT_EQ(group.last.text, "order 3 failed");
  EXPECT_EQ(group.last.before, "before");
  EXPECT_EQ(group.last.after, "after");
}

TEST_F(ErrorGroupsTest, PastTheLimitAreOtherAndAllSumUp) {
  Take("a");
  Take("b");
  Take("c");
  Take("d");
  Take("a");
  EXPECT_EQ(groups_.groups().size(), 2u);
  EXPECT_EQ(groups_.other(), 2u);
  EXPECT_EQ(groups_.total(), 5u);
  uint64_t sum = groups_.other();
  for (const ErrorGroup& group : groups_.groups()) sum += group.count;
  EXPECT_EQ(sum, groups_.total());
}

TEST_F(ErrorGroupsTest, SamplesAreRedactedAndThenCut) {
  Take("x password=hunter2");
  EXPECT_EQ(groups_.groups()[0].first.text, "x password=***");
  Take("y 123456789012345678 password=hunter2");
  EXPECT_EQ(groups_.groups()[1].first.text.size(), 20u);
}

}  // namespace
}  // namespace ora::collector

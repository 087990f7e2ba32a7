#include "storage/labels.h"

#include <gtest/gtest.h>

namespace ora::storage {
namespace {

TEST(LabelsTest, SortsDropsEmptyValuesAndKeepsTheLaterOfTwo) {
  const Labels labels({{"b", "1"}, {"a", "1"}, {"c", ""}, {"a", "2"}});
  EXPECT_EQ(labels.ToString(), R"({a="2",b="1"})");
}

TEST(LabelsTest, TakesSortedLabelsAsTheyAre) {
  EXPECT_EQ(Labels::OfSorted({{"a", "2"}, {"b", "1"}}), Labels({{"b", "1"}, {"a", "2"}}));
}

TEST(LabelsTest, AnEmptyLaterValueRemovesTheEarlier) {
  EXPECT_TRUE(Labels({{"a", "1"}, {"a", ""}}).empty());
}

TEST(LabelsTest, AnAbsentLabelIsEmpty) {
  const Labels labels({{"b", "1"}});
  EXPECT_EQ(labels.Get("b"), "1");
  EXPECT_EQ(labels.Get("a"), "");
  EXPECT_EQ(labels.Get("c"), "");
  EXPECT_FALSE(labels.Has("a"));
}

TEST(LabelsTest, SetAddsReplacesAndRemoves) {
  Labels labels({{"b", "1"}});
  labels.Set("a", "x");
  labels.Set("b", "2");
  EXPECT_EQ(labels, Labels({{"a", "x"}, {"b", "2"}}));
  labels.Remove("a");
  labels.Remove("never there");
  EXPECT_EQ(labels, Labels({{"b", "2"}}));
}

TEST(LabelsTest, WritesTheMetricBeforeTheBracesAndEscapes) {
  EXPECT_EQ(Labels({{"__name__", "up"}, {"a", "q\"b\\s\nn"}}).ToString(), R"(up{a="q\"b\\s\nn"})");
  EXPECT_EQ(Labels({{"__name__", "up"}}).ToString(), "up");
  EXPECT_EQ(Labels().ToString(), "{}");
}

TEST(LabelsTest, OrdersLabelByLabelNameBeforeValue) {
  EXPECT_LT(Labels({{"a", "1"}}), Labels({{"a", "1"}, {"b", "1"}}));
  EXPECT_LT(Labels({{"a", "2"}}), Labels({{"b", "1"}}));
  EXPECT_LT(Labels({{"a", "1"}, {"b", "9"}}), Labels({{"a", "2"}}));
}

}  // namespace
}  // namespace ora::storage

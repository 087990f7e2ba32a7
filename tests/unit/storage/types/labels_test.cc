#include "storage/labels.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/hash/hash.h"

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

TEST(LabelsTest, HoldsTextsOfAnyLength) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{119}, size_t{127}, size_t{128},
                            size_t{16'383}, size_t{16'384}, size_t{3'000'000}}) {
    const std::string text(size, 'x');
    Labels labels({{"a", text}, {"b" + text, "1"}, {"c", "2"}});
    EXPECT_EQ(labels.Get("a"), text);
    EXPECT_EQ(labels.Get("b" + text), "1");
    EXPECT_EQ(labels.Get("c"), "2");
    EXPECT_EQ(labels.size(), size == 0 ? 2 : 3);
    labels.Set("c", text);
    EXPECT_EQ(labels.Get("c"), text);
    EXPECT_EQ(labels.Get("b" + text), "1");
  }
}

// As a list of labels: the order that series have.
std::vector<Label> Listed(const Labels& labels) {
  std::vector<Label> listed;
  for (const LabelView label : labels) {
    listed.push_back({std::string(label.name), std::string(label.value)});
  }
  return listed;
}

TEST(LabelsTest, IsWhatAMapOfLabelsWouldBe) {
  std::mt19937 random(5);
  const auto text = [&random] {
    return std::string(random() % 8 == 0 ? 200 : random() % 3,
                       static_cast<char>('a' + random() % 3));
  };
  Labels before;
  for (int turn = 0; turn < 300; ++turn) {
    Labels labels;
    std::map<std::string, std::string> map;
    for (int change = 0; change < 12; ++change) {
      const std::string name = text() + "n";
      const std::string value = text();
      labels.Set(name, value);
      map[name] = value;
      if (value.empty()) map.erase(name);
    }
    std::vector<Label> expected;
    for (const auto& [name, value] : map) expected.push_back({name, value});
    ASSERT_EQ(Listed(labels), expected);
    ASSERT_EQ(Labels(expected), labels);
    ASSERT_EQ(absl::HashOf(Labels(expected)), absl::HashOf(labels));
    ASSERT_EQ(labels < before, expected < Listed(before));
    ASSERT_EQ(before < labels, Listed(before) < expected);
    before = labels;
  }
}

TEST(LabelsTest, OrdersLabelByLabelNameBeforeValue) {
  EXPECT_LT(Labels({{"a", "1"}}), Labels({{"a", "1"}, {"b", "1"}}));
  EXPECT_LT(Labels({{"a", "2"}}), Labels({{"b", "1"}}));
  EXPECT_LT(Labels({{"a", "1"}, {"b", "9"}}), Labels({{"a", "2"}}));
}

}  // namespace
}  // namespace ora::storage

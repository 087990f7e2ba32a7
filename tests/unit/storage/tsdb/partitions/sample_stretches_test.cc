#include "storage/tsdb/partitions/sample_stretches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StretchesTest : public testing::Test {
 protected:
  void Add(std::vector<int64_t> times, double value, uint64_t rank) {
    const size_t begin = columns_.size();
    for (const int64_t time : times) {
      columns_.time_millis.push_back(time);
      columns_.values.push_back(value);
    }
    stretches_.push_back({begin, columns_.size(), rank});
  }

  SampleColumns columns_;
  std::vector<SampleStretch> stretches_;
};

TEST_F(StretchesTest, StretchesInOrderStayAsTheyAre) {
  Add({1, 2}, 1, 9);
  Add({}, 7, 1);
  Add({3, 4}, 2, 5);
  OrderStretches(stretches_, columns_);
  EXPECT_THAT(columns_.time_millis, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(columns_.values, ElementsAre(1, 1, 2, 2));
}

TEST_F(StretchesTest, TheHigherRankStaysWhicheverComesFirst) {
  Add({1, 2, 3}, 1, 5);
  Add({2, 3, 4}, 2, 4);
  Add({3}, 3, kOpenRank);
  OrderStretches(stretches_, columns_);
  EXPECT_THAT(columns_.time_millis, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(columns_.values, ElementsAre(1, 1, 3, 2));
}

TEST_F(StretchesTest, OfOneRankTheLatterStays) {
  Add({1, 2}, 1, 5);
  Add({2, 3}, 2, 5);
  OrderStretches(stretches_, columns_);
  EXPECT_THAT(columns_.values, ElementsAre(1, 2, 2));
}

TEST_F(StretchesTest, AnyStretchesReadAsIfStoredOneAfterTheOther) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    columns_.clear();
    stretches_.clear();
    std::map<int64_t, std::pair<uint64_t, double>> expected;
    const uint64_t count = random() % 9;
    for (uint64_t i = 0; i < count; ++i) {
      std::map<int64_t, double> samples;
      for (uint64_t n = random() % 20; n > 0; --n) {
        samples[static_cast<int64_t>(random() % 60)] = static_cast<double>(random() % 1000);
      }
      const uint64_t rank = random() % 5;
      const size_t begin = columns_.size();
      for (const auto& [time, value] : samples) {
        columns_.time_millis.push_back(time);
        columns_.values.push_back(value);
        auto& best = expected.try_emplace(time, 0, 0.0).first->second;
        if (rank >= best.first) best = {rank, value};
      }
      stretches_.push_back({begin, columns_.size(), rank});
    }
    OrderStretches(stretches_, columns_);
    ASSERT_EQ(columns_.size(), expected.size());
    size_t at = 0;
    for (const auto& [time, best] : expected) {
      ASSERT_EQ(columns_.time_millis[at], time);
      ASSERT_EQ(columns_.values[at], best.second);
      ++at;
    }
  }
}

struct TrimCase {
  TimeRange range;
  std::vector<int64_t> left;
};

TEST(TrimTailTest, CutsToTheRangeBothEndsIncludedAndLeavesWhatIsBefore) {
  const TrimCase cases[] = {{{10, 40}, {10, 20, 30, 40}},
                            {{11, 39}, {20, 30}},
                            {{0, 9}, {}},
                            {{41, 50}, {}},
                            {{20, 20}, {20}},
                            {{0, 100}, {10, 20, 30, 40}}};
  for (const TrimCase& one : cases) {
    SampleColumns columns{{99, 10, 20, 30, 40}, {9, 1, 2, 3, 4}};
    TrimTail(one.range, 1, columns);
    std::vector<int64_t> expected = {99};
    expected.insert(expected.end(), one.left.begin(), one.left.end());
    EXPECT_EQ(columns.time_millis, expected);
    ASSERT_EQ(columns.values.size(), expected.size());
    for (size_t i = 1; i < expected.size(); ++i) {
      EXPECT_EQ(columns.values[i] * 10, static_cast<double>(expected[i]));
    }
  }
}

}  // namespace
}  // namespace ora::storage

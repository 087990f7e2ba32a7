#include "storage/env/counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(CountersTest, GivesTheSameCounterForTheSameName) {
  Counters counters;
  counters.Get("ora_a_total").Add(2);
  counters.Get("ora_a_total").Increment();
  EXPECT_EQ(counters.Get("ora_a_total").Value(), 3u);
}

TEST(CountersTest, ListsSortedByName) {
  Counters counters;
  counters.Get("ora_b_total").Increment();
  counters.Get("ora_a_total");
  EXPECT_THAT(counters.Snapshot(), ElementsAre(Pair("ora_a_total", 0), Pair("ora_b_total", 1)));
}

TEST(CountersTest, LosesNothingBetweenThreads) {
  Counters counters;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counters] {
      for (int j = 0; j < 1000; ++j) counters.Get("ora_a_total").Increment();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counters.Get("ora_a_total").Value(), 4000u);
}

}  // namespace
}  // namespace ora::storage

#include "collector/series/tick_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/sample.h"

namespace ora::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TickBatchTest : public testing::Test {
 protected:
  SeriesId Series(absl::string_view metric) { return ticks_.Intern(metric, {}); }

  // `metric@time=value ...`, by what the segment's definitions say so far.
  std::vector<std::string> Samples(const v1::Batch& batch) {
    for (const v1::SeriesDefinition& definition : batch.definitions().series()) {
      for (const v1::Label& label : definition.labels().labels()) {
        if (label.name() == "__name__") names_[definition.id()] = label.value();
      }
    }
    std::vector<std::string> samples;
    for (const v1::SampleBlock& block : batch.blocks()) {
      for (int i = 0; i < block.series_ids_size(); ++i) {
        const double value = block.values(i);
        samples.push_back(
            absl::StrCat(names_[block.series_ids(i)], "@", block.time_millis(), "=",
                         storage::IsStaleMarker(value) ? "stale" : absl::StrCat(value)));
      }
    }
    return samples;
  }

  std::vector<std::string> Defined(const v1::Batch& batch) {
    std::vector<std::string> metrics;
    for (const v1::SeriesDefinition& definition : batch.definitions().series()) {
      metrics.push_back(definition.labels().labels(0).value());
    }
    return metrics;
  }

  // One tick with these metrics at value 1.
  v1::Batch Tick(int64_t time, std::vector<std::string> metrics, uint64_t segment = 1) {
    ticks_.Begin(time);
    for (const std::string& metric : metrics) ticks_.Add(Series(metric), 1);
    return ticks_.Finish(segment);
  }

  TickBatch ticks_{"web-1"};
  std::map<uint32_t, std::string> names_;
};

TEST_F(TickBatchTest, GivesOneIdToOneSetOfLabelsInAnyOrder) {
  const SeriesId a = ticks_.Intern("m", {{"x", "1"}, {"y", "2"}});
  EXPECT_EQ(ticks_.Intern("m", {{"y", "2"}, {"x", "1"}, {"empty", ""}}), a);
  EXPECT_NE(ticks_.Intern("m", {{"x", "1"}}), a);
  EXPECT_EQ(ticks_.series_count(), 2u);
}

TEST_F(TickBatchTest, NamesLabelsSortedWithTheInstance) {
  ticks_.Begin(1000);
  ticks_.Add(ticks_.Intern("up", {{"job", "node"}, {"Zone", "a\xff"}}), 1);
  const v1::Batch batch = ticks_.Finish(7);
  EXPECT_EQ(batch.definitions().epoch(), 7u);
  ASSERT_EQ(batch.definitions().series_size(), 1);
  std::vector<std::string> labels;
  for (const v1::Label& label : batch.definitions().series(0).labels().labels()) {
    labels.push_back(absl::StrCat(label.name(), "=", label.value()));
  }
  EXPECT_THAT(labels, ElementsAre("Zone=a?", "__name__=up", "instance=web-1", "job=node"));
}

TEST_F(TickBatchTest, DefinesASeriesOnceASegment) {
  EXPECT_THAT(Defined(Tick(1000, {"a", "b"})), ElementsAre("a", "b"));
  EXPECT_THAT(Defined(Tick(2000, {"a", "b", "c"})), ElementsAre("c"));
  EXPECT_FALSE(Tick(3000, {"a", "b", "c"}).has_definitions());
  EXPECT_THAT(Defined(Tick(4000, {"a", "b", "c"}, 2)), ElementsAre("a", "b", "c"));
}

TEST_F(TickBatchTest, EndsASeriesThatHasNoValueWithOneStaleMarker) {
  Samples(Tick(1000, {"a", "b"}));
  EXPECT_THAT(Samples(Tick(2000, {"a"})), ElementsAre("a@2000=1", "b@2000=stale"));
  EXPECT_THAT(Samples(Tick(3000, {"a"})), ElementsAre("a@3000=1"));
  EXPECT_THAT(Samples(Tick(4000, {"b"}, 2)), ElementsAre("b@4000=1", "a@4000=stale"));
}

TEST_F(TickBatchTest, PutsABirthAtTheInstantOfTheTickBefore) {
  Samples(Tick(1000, {"a"}));
  ticks_.Begin(2000);
  ticks_.AddBirth(Series("b"));
  ticks_.Add(Series("b"), 5);
  ticks_.Add(Series("a"), 1);
  EXPECT_THAT(Samples(ticks_.Finish(1)), ElementsAre("b@1000=0", "b@2000=5", "a@2000=1"));
}

TEST_F(TickBatchTest, PutsABirthAMillisecondBeforeTheFirstTick) {
  ticks_.Begin(2000);
  ticks_.AddBirth(Series("b"));
  ticks_.Add(Series("b"), 5);
  EXPECT_THAT(Samples(ticks_.Finish(1)), ElementsAre("b@1999=0", "b@2000=5"));
}

TEST_F(TickBatchTest, NamesAgainWhatWasForgotten) {
  Samples(Tick(1000, {"a", "b"}));
  Tick(2000, {"a", "c"});
  ticks_.Forget();
  const v1::Batch batch = Tick(3000, {"c"});
  EXPECT_THAT(Defined(batch), ElementsAre("c"));
  EXPECT_THAT(Samples(batch), ElementsAre("c@3000=1", "a@3000=stale", "b@3000=stale"));
}

TEST_F(TickBatchTest, PutsABirthAtTheLastTickThatWasNotForgotten) {
  Samples(Tick(1000, {"a"}));
  Tick(2000, {"a"});
  ticks_.Forget();
  ticks_.Forget();  // Twice is the same as once.
  ticks_.Begin(3000);
  ticks_.AddBirth(Series("b"));
  EXPECT_THAT(Samples(ticks_.Finish(1)), ElementsAre("b@1000=0", "a@3000=stale"));
}

TEST_F(TickBatchTest, ForgetsATickThatWasNeverFinished) {
  Samples(Tick(1000, {"a"}));
  ticks_.Begin(2000);
  ticks_.Add(Series("b"), 1);
  EXPECT_THAT(Samples(Tick(3000, {"a"})), ElementsAre("a@3000=1"));
}

TEST_F(TickBatchTest, KeepsTheLastValueOfASeries) {
  ticks_.Begin(1000);
  ticks_.Add(Series("a"), 1);
  ticks_.Add(Series("b"), 2);
  ticks_.Add(Series("a"), 3);
  EXPECT_THAT(Samples(ticks_.Finish(1)), ElementsAre("a@1000=3", "b@1000=2"));
}

TEST_F(TickBatchTest, MakesNoBlockOfNothing) {
  EXPECT_THAT(Samples(Tick(1000, {})), IsEmpty());
  EXPECT_TRUE(ticks_.finished());
}

TEST(TickBatchLimitsTest, SplitsATickAtTheMostSamplesOfABatch) {
  TickBatch ticks("web-1", {.samples_max = 3});
  ticks.Begin(1000);
  for (int i = 0; i < 6; ++i) ticks.Add(ticks.Intern(absl::StrCat("m", i), {}), i);
  const v1::Batch first = ticks.Finish(1);
  EXPECT_EQ(first.blocks(0).series_ids_size(), 3);
  EXPECT_FALSE(ticks.finished());
  const v1::Batch second = ticks.Finish(2);  // The first one filled its segment.
  EXPECT_THAT(second.blocks(0).values(), ElementsAre(3, 4, 5));
  EXPECT_EQ(second.definitions().epoch(), 2u);
  EXPECT_EQ(second.definitions().series_size(), 3);
  EXPECT_TRUE(ticks.finished());
}

TEST(TickBatchLimitsTest, SplitsATickAtTheMostDefinitionsOfABatch) {
  TickBatch ticks("web-1", {.definitions_max = 2});
  ticks.Begin(1000);
  for (int i = 0; i < 3; ++i) ticks.AddBirth(ticks.Intern(absl::StrCat("m", i), {}));
  for (int i = 0; i < 3; ++i) ticks.Add(ticks.Intern(absl::StrCat("m", i), {}), i);
  EXPECT_EQ(ticks.Finish(1).definitions().series_size(), 2);
  const v1::Batch second = ticks.Finish(1);
  EXPECT_EQ(second.definitions().series_size(), 1);
  EXPECT_EQ(second.blocks_size(), 2);
  EXPECT_TRUE(ticks.finished());
}

TEST(TickBatchLimitsTest, DropsTheRestOfATickOfWhichABatchWasForgotten) {
  TickBatch ticks("web-1", {.samples_max = 2});
  ticks.Begin(1000);
  for (int i = 0; i < 6; ++i) ticks.Add(ticks.Intern(absl::StrCat("m", i), {}), i);
  ticks.Finish(1);
  EXPECT_EQ(ticks.samples_left(), 4u);
  ticks.Finish(1);
  EXPECT_EQ(ticks.samples_left(), 2u);
  ticks.Forget();
  EXPECT_EQ(ticks.samples_left(), 0u);
  EXPECT_TRUE(ticks.finished());
  ticks.Begin(2000);
  ticks.Add(ticks.Intern("m0", {}), 1);
  const v1::Batch batch = ticks.Finish(1);
  EXPECT_FALSE(batch.has_definitions());  // The first batch of the tick before was spooled.
  EXPECT_EQ(batch.blocks(0).series_ids_size(), 1);
}

TEST(TickBatchLimitsTest, RefusesSeriesPastTheLimit) {
  TickBatch ticks("web-1", {.series_max = 1});
  EXPECT_EQ(ticks.Intern("a", {}), 1u);
  EXPECT_EQ(ticks.Intern("b", {}), 0u);
  EXPECT_EQ(ticks.Intern("a", {}), 1u);
  EXPECT_EQ(ticks.series_refused(), 1u);
  ticks.Begin(1000);
  ticks.Add(0, 1);
  ticks.AddBirth(0);
  EXPECT_EQ(ticks.Finish(1).blocks_size(), 0);
}

}  // namespace
}  // namespace ora::collector

#include "aggregator/rules/recording/series_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/memory_series_writer.h"

namespace ora::aggregator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const storage::Labels kA = {{"__name__", "r"}, {"instance", "a"}};
const storage::Labels kB = {{"__name__", "r"}};

TEST(SeriesRecorderTest, WritesEachSeriesToItsInstance) {
  fakes::MemorySeriesWriter writer;
  SeriesRecorder recorder("here", writer);
  ASSERT_TRUE(recorder.Record("g/0", {{kA, 1}, {kB, 2}}, 1'000).ok());
  const auto stored = writer.stored();
  ASSERT_THAT(stored, SizeIs(2));
  EXPECT_EQ(stored[0].instance, "a");
  EXPECT_THAT(stored[0].blocks[0].values, ElementsAre(1));
  EXPECT_EQ(stored[1].instance, "here");
  EXPECT_EQ(stored[1].blocks[0].time_millis, 1'000);
}

TEST(SeriesRecorderTest, ASeriesThatIsNoLongerAnsweredEnds) {
  fakes::MemorySeriesWriter writer;
  SeriesRecorder recorder("here", writer);
  ASSERT_TRUE(recorder.Record("g/0", {{kB, 2}}, 1'000).ok());
  ASSERT_TRUE(recorder.Record("g/1", {}, 2'000).ok());  // Another source ends nothing of it.
  EXPECT_THAT(writer.stored(), SizeIs(1));
  ASSERT_TRUE(recorder.Record("g/0", {}, 2'000).ok());
  ASSERT_THAT(writer.stored(), SizeIs(2));
  EXPECT_TRUE(storage::IsStaleMarker(writer.stored()[1].blocks[0].values[0]));
  ASSERT_TRUE(recorder.Record("g/0", {}, 3'000).ok());
  EXPECT_THAT(writer.stored(), SizeIs(2));
}

}  // namespace
}  // namespace ora::aggregator

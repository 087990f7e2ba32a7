#include "storage/tsdb/open_chunks.h"

#include <gmock/gmock.h>

#include <limits>
#include <thread>

#include "tests/unit/storage/tsdb/shard_fixture.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

using Points = std::vector<std::pair<int64_t, double>>;

constexpr SeriesId kFar = 5000;  // In another segment than the first series.

class OpenChunksTest : public ShardTest {
 protected:
  BatchRecord Encode(const std::vector<WriteBlock>& blocks,
                     const std::vector<BatchMark>& marks = {}) {
    return encoder_.Encode(marks, {&blocks});
  }

  void Append(SeriesId id, const Points& points) {
    std::vector<WriteBlock> blocks;
    for (const auto& [time, value] : points) blocks.push_back({time, {id}, {value}});
    open_.Apply(++log_number_, Encode(blocks), {});
  }

  Points Read(const OpenChunks::View& view, size_t position, SeriesId id,
              int64_t end_millis = std::numeric_limits<int64_t>::max()) const {
    SampleColumns columns;
    open_.Read(view, position, id, end_millis, columns);
    return PointsOf(columns);
  }

  Points ReadNow(SeriesId id) const { return Read(open_.Capture(*database_, {id}), 0, id); }

  static Points PointsOf(const SampleColumns& columns) {
    Points points;
    for (size_t i = 0; i < columns.size(); ++i) {
      points.emplace_back(columns.time_millis[i], columns.values[i]);
    }
    return points;
  }

  OpenChunks open_;
  uint64_t log_number_ = 0;
  BatchRecordEncoder encoder_;
};

TEST_F(OpenChunksTest, ReadsSamplesInTheOrderInWhichTheyWereStored) {
  Append(7, {{30, 1}, {10, 2}, {30, 3}});
  Append(8, {{20, 4}});
  EXPECT_EQ(ReadNow(7), (Points{{30, 1}, {10, 2}, {30, 3}}));
  EXPECT_EQ(ReadNow(8), (Points{{20, 4}}));
  EXPECT_EQ(ReadNow(9), Points());
  EXPECT_EQ(ReadNow(kFar), Points());
  EXPECT_EQ(open_.samples(), 4u);
}

TEST_F(OpenChunksTest, ReadsNothingWhereAllIsLater) {
  Append(7, {{30, 1}, {10, 2}});
  open_.Freeze();
  Append(7, {{20, 3}});
  const auto view = open_.Capture(*database_, {7});
  EXPECT_EQ(Read(view, 0, 7, 9), Points());
  EXPECT_EQ(Read(view, 0, 7, 10), (Points{{30, 1}, {10, 2}, {20, 3}}));
  Append(7, {{5, 4}});  // After the capture, and so not to be seen.
  EXPECT_EQ(Read(view, 0, 7, 9), Points());
}

TEST_F(OpenChunksTest, ARecordOfManyScatteredRunsIsAppliedWhole) {
  std::vector<WriteBlock> blocks(3);
  for (int64_t time = 0; time < 3; ++time) {
    WriteBlock& block = blocks[static_cast<size_t>(time)];
    block.time_millis = time;
    for (SeriesId id = 1; id < 3000; id += 1 + id % 3) {  // Runs of one and two, two segments.
      block.series.push_back(id);
      block.values.push_back(id);
    }
  }
  open_.Apply(1, Encode(blocks), {});
  for (const SeriesRef id : blocks[0].series) {
    const auto value = static_cast<double>(id);
    ASSERT_EQ(ReadNow(static_cast<SeriesId>(id)), (Points{{0, value}, {1, value}, {2, value}}));
  }
  EXPECT_EQ(open_.samples(), 3 * blocks[0].series.size());
}

TEST_F(OpenChunksTest, AViewStaysAsItWasWhileAllGoesOn) {
  Append(7, {{1, 1}});
  ASSERT_NE(open_.Freeze(), nullptr);
  Append(7, {{2, 2}});
  const OpenChunks::View view = open_.Capture(*database_, {kFar, 7});
  for (int64_t time = 3; time < 100; ++time) Append(7, {{time, 3}});
  Append(kFar, {{3, 3}});
  open_.ReleaseFrozen(0);
  open_.DropFrozen();
  ASSERT_NE(open_.Freeze(), nullptr);
  open_.DropFrozen();
  EXPECT_EQ(Read(view, 1, 7), (Points{{1, 1}, {2, 2}}));
  EXPECT_EQ(Read(view, 0, kFar), Points());
}

TEST_F(OpenChunksTest, AReleasedSegmentIsGoneForThoseWhoComeLaterAndItsMemoryToo) {
  Append(7, {{1, 1}});
  Append(kFar, {{2, 2}});
  const std::shared_ptr<const OpenGeneration> frozen = open_.Freeze();
  const uint64_t bytes = open_.bytes();
  open_.ReleaseFrozen(0);
  EXPECT_EQ(ReadNow(7), Points());
  EXPECT_EQ(ReadNow(kFar), (Points{{2, 2}}));
  EXPECT_EQ(open_.samples(), 1u);
  EXPECT_EQ(open_.bytes(), bytes / 2);
  int visited = 0;
  for (size_t segment = 0; segment < frozen->segments(); ++segment) {
    frozen->ForEachSeries(segment, [&](SeriesId id, const SampleColumns& samples) {
      EXPECT_EQ(id, kFar);
      EXPECT_EQ(PointsOf(samples), (Points{{2, 2}}));
      ++visited;
    });
  }
  EXPECT_EQ(visited, 1);
  open_.DropFrozen();
  EXPECT_EQ(open_.bytes(), 0u);
}

TEST_F(OpenChunksTest, VisitsSeriesByIdWithAllTheirSamples) {
  Points many;
  for (int64_t time = 0; time < 100; ++time) many.emplace_back(time, 1.5);
  Append(9, {{1, 1}});
  Append(7, many);
  const std::shared_ptr<const OpenGeneration> frozen = open_.Freeze();
  std::vector<std::pair<SeriesId, size_t>> counts;
  frozen->ForEachSeries(0, [&](SeriesId id, const SampleColumns& samples) {
    counts.emplace_back(id, samples.size());
  });
  EXPECT_THAT(counts, ElementsAre(Pair(7, 100), Pair(9, 1)));
  EXPECT_EQ(frozen->last_log_number(), 2u);
}

TEST_F(OpenChunksTest, AGenerationKnowsTheNewestMarksOfItsRecords) {
  SenderMarks marks;
  const std::string a = MarkKey{1, "a", 1}.Encode();
  const std::string b = MarkKey{2, "b", 1}.Encode();
  const auto apply = [&](const std::vector<BatchMark>& put) {
    std::vector<Sender*> senders;
    for (const BatchMark& mark : put) senders.push_back(marks.Replay(mark));
    open_.Apply(++log_number_, Encode({}, put), senders);
  };
  apply({{a, 1}, {b, 5}, {"", 9}});  // The last is no mark of anyone.
  apply({{a, 2}});
  // Marks alone are something to seal.
  const std::shared_ptr<const OpenGeneration> frozen = open_.Freeze();
  ASSERT_NE(frozen, nullptr);
  apply({{a, 3}});
  EXPECT_THAT(frozen->marks(), UnorderedElementsAre(Pair(a, 2), Pair(b, 5)));
  EXPECT_EQ(frozen->last_log_number(), 2u);
  open_.DropFrozen();
  EXPECT_THAT(open_.Freeze()->marks(), UnorderedElementsAre(Pair(a, 3)));
}

TEST_F(OpenChunksTest, LeavesOutSeriesThatAreNotKnown) {
  const std::vector<WriteBlock> blocks = {{10, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}}};
  const uint64_t dropped =
      open_.ApplyKnown(1, Encode(blocks), {}, [](SeriesId id) { return id != 1 && id != 4; });
  EXPECT_EQ(dropped, 2u);
  EXPECT_THAT(open_.OpenSeries(), ElementsAre(2, 3, 5, 6));
  EXPECT_EQ(ReadNow(5), (Points{{10, 5}}));
}

TEST_F(OpenChunksTest, TellsWhichSeriesAreOpenInBothGenerations) {
  EXPECT_THAT(open_.OpenSeries(), IsEmpty());
  Append(kFar, {{1, 1}});
  ASSERT_NE(open_.Freeze(), nullptr);
  Append(3, {{1, 1}});
  EXPECT_THAT(open_.OpenSeries(), ElementsAre(3, kFar));
}

TEST_F(OpenChunksTest, ReadersSeeWholeRecordsWhileOneAppendsAndAnotherSeals) {
  constexpr int64_t kRecords = 3100;  // The last stay open.
  constexpr int64_t kRecordsPerSeal = 500;
  const std::vector<SeriesRef> ids = {7, 8, kFar};
  std::thread writer([&] {
    for (int64_t time = 1; time <= kRecords; ++time) {
      const std::vector<WriteBlock> blocks = {{time, ids, {1.0 * time, 2.0 * time, 3.0 * time}}};
      open_.Apply(static_cast<uint64_t>(time), Encode(blocks), {});
      if (time % kRecordsPerSeal == 0 && open_.Freeze() != nullptr) open_.DropFrozen();
    }
  });
  int64_t newest = 0;
  while (newest < kRecords) {
    const OpenChunks::View view = open_.Capture(*database_, {7, 8, kFar});
    const Points first = Read(view, 0, 7);
    const Points second = Read(view, 1, 8);
    const Points third = Read(view, 2, kFar);
    ASSERT_EQ(first.size(), second.size());
    ASSERT_EQ(first.size(), third.size());
    for (size_t i = 0; i < first.size(); ++i) {
      ASSERT_EQ(first[i].second, 1.0 * first[i].first);
      ASSERT_EQ(third[i], (std::pair<int64_t, double>{first[i].first, 3.0 * first[i].first}));
      ASSERT_EQ(first[i].first, first[0].first + static_cast<int64_t>(i));
    }
    if (!first.empty()) newest = first.back().first;
  }
  writer.join();
}

TEST_F(OpenChunksTest, NothingToFreezeIsSaid) {
  EXPECT_EQ(open_.Freeze(), nullptr);
  EXPECT_FALSE(open_.HasFrozen());
}

}  // namespace
}  // namespace ora::storage
